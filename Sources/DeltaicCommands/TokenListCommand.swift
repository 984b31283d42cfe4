internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic token list`: the access tokens.
struct TokenListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the access tokens: what each allows, where, and until when.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let tokens = try global.openForReading().tokens()
        try output.write(tokens) { TokenListing.lines(of: tokens, width: $0) }
    }
}

extension TokenListing {
    fileprivate static func lines(of tokens: [TokenListing], width: Int?) -> [String] {
        guard !tokens.isEmpty else { return ["there are no tokens"] }
        var table = TextTable([
            .name("token"), .text("scope"), .name("namespace"), .text("created"), .text("expires"),
        ])
        for token in tokens {
            table.add([
                token.name, token.scope.rawValue, token.namespace ?? "-", NumberFormat.date(token.createdAt),
                token.expiresAt.map(NumberFormat.date) ?? "never",
            ])
        }
        return table.lines(width: width)
    }
}
