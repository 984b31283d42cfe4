internal import ArgumentParser
internal import Foundation
internal import Registry

/// `deltaic inspect`: what a pack holds.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a pack holds: its streams, their bytes, its objects.",
        discussion: "A pack given by its path need not belong to a registry.")

    @Argument(
        help: ArgumentHelp("The path of a pack, or six or more digits of its id.", valueName: "pack"),
        completion: .file(extensions: ["pack"]))
    var pack: String

    @Flag(help: "Show every object: a tensor, a header, or a file that is no safetensors.")
    var objects = false

    @Flag(help: "Search the pack for records instead of reading its index, which may be damaged.")
    var scan = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let report =
            FileManager.default.fileExists(atPath: pack)
            ? try ModelRegistry.inspect(path: pack, isScanned: scan)
            : try global.openForReading().inspect(pack, isScanned: scan)
        try output.write(report) { report.lines(showsObjects: objects, width: $0) }
    }
}
