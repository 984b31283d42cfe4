internal import ArgumentParser
internal import Registry

/// `deltaic base add`: registers a base.
struct BaseAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a base, or a new version of one.",
        discussion: "The base is stored in full, losslessly; fine-tunes are then registered against it.")

    @OptionGroup var registration: RegistrationOptions
    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let request = try registration.registration()
        let result = try await global.openForWriting(threads: threads).addBase(registration.path, as: request)
        result.writeNotes()
        try output.write(result) { _ in result.lines }
    }
}
