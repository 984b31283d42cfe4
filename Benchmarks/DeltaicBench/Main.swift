import ArgumentParser

/// Measures deltaic against references in the same run.
@main
struct DeltaicBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "DeltaicBench", abstract: "Measures deltaic against references in the same run.",
        discussion: "Figures go to standard output as tables; --json writes them to a file as well.",
        subcommands: [
            CodecsCommand.self, SizesCommand.self, ThroughputCommand.self, ScaleCommand.self, MemoryCommand.self,
            CatalogCommand.self, LossyCommand.self, SynthesizeCommand.self, LossyChildCommand.self,
        ])
}
