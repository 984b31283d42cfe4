import ArgumentParser
import Dispatch

/// Measures deltaic against references in the same run.
struct DeltaicBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "DeltaicBench", abstract: "Measures deltaic against references in the same run.",
        discussion: "Figures go to standard output as tables; --json writes them to a file as well.",
        subcommands: [
            SuiteCommand.self, CodecsCommand.self, SizesCommand.self, ThroughputCommand.self, ScaleCommand.self,
            MemoryCommand.self,
            CatalogCommand.self, LossyCommand.self, InstructionsCommand.self, SynthesizeCommand.self,
            LossyChildCommand.self, InstructionsChildCommand.self,
        ])
}

/// Waits for the commands, as an asynchronous main function would not: that ends the first thread, of which valgrind dies.
@main
enum Main {
    static func main() {
        let isDone = DispatchSemaphore(value: 0)
        Task.detached {
            await DeltaicBench.main()
            isDone.signal()
        }
        isDone.wait()
    }
}
