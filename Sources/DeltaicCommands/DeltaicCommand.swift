public import ArgumentParser

/// The command line of Deltaic: the root of all commands.
public struct DeltaicCommand: AsyncParsableCommand {
    /// The version of the program.
    public static let version = "0.1.0"

    public static let configuration = CommandConfiguration(
        commandName: "deltaic",
        abstract: "A registry that keeps base models once and fine-tunes as deltas of them.",
        discussion: """
            A registry is a folder: that of --registry, else of DELTAIC_HOME, else $XDG_DATA_HOME/deltaic or \
            ~/.local/share/deltaic.

              deltaic init
              deltaic base add ./minilm --name minilm
              deltaic register ./tuned --name org/tuned --base minilm --task retrieval
              deltaic savings
              deltaic pull org/tuned@v1 --output ./again

            A version is named NAME (the newest), NAME@v2, NAME@<commit id> or NAME:tag.
            Results go to standard output, everything else to standard error; --json gives results as JSON.

            Exit status:
            \(ExitStatus.table)

            Shell completion: deltaic --generate-completion-script bash (or zsh, fish).
            """,
        version: version,
        subcommands: [
            InitCommand.self, BaseCommand.self, RegisterCommand.self, PullCommand.self, SavingsCommand.self,
            CompareCommand.self, EvaluateCommand.self, ListCommand.self, ShowCommand.self, LogCommand.self,
            DiffCommand.self, ReportCommand.self, TagCommand.self, UntagCommand.self,
            TaskCommand.self, RemoveCommand.self, CollectGarbageCommand.self, SignCommand.self, VerifyCommand.self,
            RepairCommand.self,
            RebuildCommand.self, InspectCommand.self, TokenCommand.self,
            RemoteCommand.self, PushCommand.self, SyncCommand.self, ImportCommand.self, ServeCommand.self,
            CompressCommand.self,
        ])

    public init() {}
}
