internal import ArgumentParser
internal import Registry

/// `deltaic token revoke`: takes an access token away.
struct TokenRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take an access token away; a running service refuses it from then on.")

    @Argument(help: ArgumentHelp("The token.", valueName: "name"))
    var name: String

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let token = try global.openForWriting().revokeToken(named: name)
        try output.write(token) { _ in ["revoked token \(token.name)"] }
    }
}
