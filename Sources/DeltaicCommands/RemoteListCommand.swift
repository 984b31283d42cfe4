internal import ArgumentParser
internal import Registry

/// `deltaic remote list`: the registries that are known.
struct RemoteListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the remote registries; their tokens are not shown.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let remotes = try global.openForReading().remotes()
        try output.write(remotes) { RemoteListing.lines(of: remotes, width: $0) }
    }
}

extension RemoteListing {
    fileprivate static func lines(of remotes: [RemoteListing], width: Int?) -> [String] {
        guard !remotes.isEmpty else { return ["there are no remotes"] }
        var table = TextTable([.name("remote"), .name("url"), .name("token")])
        for remote in remotes {
            table.add([
                remote.name, remote.url, remote.tokenVariable.map { "$" + $0 } ?? (remote.hasToken ? "kept here" : "-"),
            ])
        }
        return table.lines(width: width)
    }
}
