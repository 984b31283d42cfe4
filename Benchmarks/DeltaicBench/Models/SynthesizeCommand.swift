import ArgumentParser

/// Makes a base and a fine-tune of random weights, for machines that cannot fetch real ones.
struct SynthesizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize", abstract: "Write a made-up base and fine-tune (BF16, two shards each).")

    @Option(help: "The folder of the base.")
    var base: String

    @Option(help: "The folder of the fine-tune.")
    var fineTune: String

    @Option(help: "The size of each, in MB.")
    var megabytes = 90

    func run() throws {
        try SyntheticModel(bytes: megabytes * 1_000_000).write(base: base, fineTune: fineTune)
    }
}
