internal import ArgumentParser

/// How many threads encode and decode.
struct ThreadOptions: ParsableArguments {
    private static let limit = 1024

    @Option(help: ArgumentHelp("The number of threads (default: all processors).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...Self.limit).contains(threads) {
            throw ValidationError("--threads must be between 1 and \(Self.limit)")
        }
    }
}
