internal import ArgumentParser
internal import DeltaicCore
internal import Foundation
internal import Registry

/// `deltaic token add`: makes an access token.
struct TokenAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make an access token, and print its secret, once.",
        discussion: """
            The secret is printed alone on a line of standard output. It is not stored and cannot be shown again. Clients of the Hub \
            take it as HF_TOKEN, others send it as `Authorization: Bearer`.

            read lets a client look and pull, write also move tags and add tasks; admin is for what else will change a registry \
            over HTTP.
            """)

    /// The words that `--scope` takes.
    enum Scope: String, CaseIterable, ExpressibleByArgument {
        case read, write, admin

        var kind: TokenScope {
            switch self {
            case .read: .read
            case .write: .write
            case .admin: .admin
            }
        }
    }

    private static let longestDays = 36_500

    @Argument(help: ArgumentHelp("The name of the token.", valueName: "name"))
    var name: String

    @Option(help: "What it allows.")
    var scope: Scope = .read

    @Option(help: ArgumentHelp("The only namespace whose models it is for (default: all models).", valueName: "name"))
    var namespace: String?

    @Option(help: ArgumentHelp("After how many days it ends (default: never).", valueName: "days"))
    var expires: Int?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func validate() throws {
        if let expires, !(1...Self.longestDays).contains(expires) {
            throw ValidationError("--expires takes 1 to \(Self.longestDays) days")
        }
    }

    func run() async throws {
        let end = expires.map { Int(Date().timeIntervalSince1970) + $0 * 86_400 }
        let registry = try global.openForWriting()
        let new = try registry.addToken(
            name: name, scope: scope.kind, namespace: namespace, expiresAt: end)
        try output.write(new) { _ in [new.secret] }
        let note = "note: added token \(name) (\(new.token.rights)); its secret cannot be shown again"
        if !output.json { StandardStreams.writeNote(note) }
        if let namespace, try registry.list(ListFilter(namespace: namespace, limit: 1)).isEmpty {
            StandardStreams.writeNote("note: there is no model in the namespace \(namespace) yet")
        }
    }
}

extension TokenListing {
    /// `read`, or `write in org, until 2030-01-01T00:00:00Z`.
    fileprivate var rights: String {
        var rights = scope.rawValue
        if let namespace { rights += " in \(namespace)" }
        if let expiresAt { rights += ", until \(NumberFormat.date(expiresAt))" }
        return rights
    }
}
