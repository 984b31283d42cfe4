internal import ArgumentParser
internal import DeltaicCore
internal import Foundation
internal import Registry

/// `deltaic remote add`: remembers another registry.
struct RemoteAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Remember the address of another registry's service, and the token for it.",
        discussion: """
            The token has to be for all namespaces: read to pull, write to push. With --token-file it is read now and kept in the \
            registry's remotes.json, which only its owner can read; with --token-env it is read from the environment each time. \
            Nothing is asked of the server yet.
            """)

    @Argument(help: ArgumentHelp("What it is to be called.", valueName: "name"))
    var name: String

    @Argument(help: ArgumentHelp("Its address: http://host:port or https://host.", valueName: "url"))
    var url: String

    @Option(help: ArgumentHelp("A file with the token.", valueName: "file"), completion: .file())
    var tokenFile: String?

    @Option(help: ArgumentHelp("An environment variable with the token.", valueName: "variable"))
    var tokenEnv: String?

    @Option(
        help: ArgumentHelp("Certificates (PEM) to trust beside those of the system.", valueName: "file"),
        completion: .file())
    var caFile: String?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func validate() throws {
        if tokenFile != nil, tokenEnv != nil {
            throw ValidationError("the token comes from --token-file or from --token-env, not from both")
        }
        if tokenEnv?.isEmpty == true { throw ValidationError("--token-env needs the name of a variable") }
    }

    func run() async throws {
        let remote = try Remote(
            url: url, token: try tokenFile.map(Self.token(in:)), tokenVariable: tokenEnv,
            // The command may be run elsewhere the next time.
            caFile: caFile.map { URL(filePath: $0).absoluteURL.path })
        let registry = try global.openForWriting()
        try await registry.addRemote(name, remote)
        let listing = try registry.remotes().first { $0.name == name }
        try output.write(listing) { _ in ["added remote \(name): \(remote.url)"] }
        if remote.token != nil, remote.url.hasPrefix("http://") {
            StandardStreams.writeNote("note: without TLS the token can be read on the way")
        }
    }

    private static let longestToken = 4096

    private static func token(in path: String) throws -> String {
        let file = try ReadOnlyFile(path: path)
        guard file.size <= longestToken else {
            throw DeltaicError(
                .badRemote, "the file is too long for a token", at: [path], expected: "at most \(longestToken) bytes",
                found: "\(file.size)")
        }
        let text = String(decoding: try file.read(0..<file.size), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw DeltaicError(.badRemote, "the file holds no token", at: [path], expected: "one line: hf_...")
        }
        return text
    }
}
