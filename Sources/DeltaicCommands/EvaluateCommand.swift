internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic evaluate`: what a user's own command says of a version.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Run a command on a pulled version and keep the score that it prints.",
        discussion: """
            The version is pulled to a temporary folder, which the command finds as $1 and as $DELTAIC_MODEL. The last number \
            on its standard output is kept with the version, and shown by show, list and compare.

            A number is digits with or without a sign, a fraction after a point, an exponent, and a percent sign that counts \
            for nothing: -0.5, 93.4%, 1e-3. Text around it and colours do no harm. Digits of a word are no number: f1, top-5, \
            recall@10, 12ms. What can be read in two ways is refused: 1,234.5 and 0,95, 95/100, 0.93 +/- 0.02, dates and times, \
            and what is not finite.
            """)

    @Argument(help: ArgumentHelp("The version.", valueName: "name[@v|:tag]"))
    var name: String

    @Option(help: ArgumentHelp("The command, for the shell.", valueName: "text"))
    var command: String

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func validate() throws {
        if command.allSatisfy(\.isWhitespace) { throw ValidationError("--command is empty") }
    }

    func run() async throws {
        let reference = try VersionReference(name)
        let result = try await global.openForWriting(threads: threads).evaluate(reference, command: command)
        try output.write(result) { _ in
            ["\(result.version.reference): \(NumberFormat.significant(result.evaluation.score, 6))"]
        }
    }
}
