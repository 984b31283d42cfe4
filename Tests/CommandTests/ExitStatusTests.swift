import TestSupport
import Testing

/// How commands fail.
@Suite struct ExitStatusTests {
    /// A command that fails, and how.
    struct Failure: Sendable, CustomTestStringConvertible {
        let what: String
        let arguments: [String]
        let status: Int32
        let words: String
        var testDescription: String { what }

        init(_ what: String, _ arguments: [String], _ status: Int32, _ words: String) {
            self.what = what
            self.arguments = arguments
            self.status = status
            self.words = words
        }
    }

    static let failures = [
        Failure("an unknown model", ["show", "nothing"], 2, "nothing"),
        Failure("a model misspelt", ["show", "org/tund"], 2, "org/tuned"),
        Failure("an unknown version", ["pull", "org/tuned@v7", "--output", "out"], 2, "v7"),
        Failure("an unknown tag", ["show", "org/tuned:gone"], 2, "gone"),
        Failure("an unknown tag to take away", ["untag", "org/tuned", "gone"], 2, "gone"),
        Failure("an unknown tensor", ["pull", "org/tuned", "--tensor", "t", "--output", "out"], 2, "\"t\""),
        Failure("an unknown file", ["pull", "org/tuned", "--file", "f", "--output", "out"], 2, "\"f\""),
        Failure("an unknown base", ["register", "tuned", "--name", "a", "--base", "b"], 2, "b"),
        Failure("a folder that does not exist", ["base", "add", "gone", "--name", "a"], 2, "gone"),
        Failure("a registry that does not exist", ["list", "--registry", "gone"], 2, "deltaic init"),
        Failure("a folder that is no registry", ["list", "--registry", "base"], 2, "no registry"),
        Failure("an unknown pack", ["inspect", "0123456789"], 2, "0123456789"),
        Failure("a pickle", ["base", "add", "pickle", "--name", "a"], 3, "evil.bin"),
        Failure("a cut safetensors file", ["base", "add", "cut", "--name", "a"], 3, "model.safetensors"),
        Failure("a name that is not allowed", ["base", "add", "base", "--name", "../up"], 3, "not a valid model name"),
        Failure("a tag that is not allowed", ["tag", "org/tuned", "a b"], 3, "a b"),
        Failure("a tag with a meaning of its own", ["tag", "org/tuned", "latest"], 3, "latest"),
        Failure("a base's name for a model", ["register", "tuned", "--name", "tiny", "--base", "tiny"], 4, "tiny"),
        Failure("a model's name for a base", ["base", "add", "base", "--name", "org/tuned"], 4, "org/tuned"),
        Failure("a model as a base", ["register", "tuned", "--name", "a", "--base", "org/tuned"], 4, "no base"),
        Failure("a folder with other files for a registry", ["init", "--registry", "base"], 4, "not empty"),
        Failure("a registry that is there already", ["init"], 4, "registry here already"),
        Failure("an option that does not exist", ["list", "--bogus"], 64, "--bogus"),
        Failure("an argument that is missing", ["show"], 64, "name"),
        Failure("a command that does not exist", ["frobnicate"], 64, "frobnicate"),
        Failure("no threads", ["verify", "--threads", "0"], 64, "--threads"),
        Failure(
            "metadata without a value",
            ["register", "tuned", "--name", "a", "--base", "tiny", "--metadata", "k"], 64, "metadata"),
        Failure(
            "metadata twice",
            ["register", "tuned", "--name", "a", "--base", "tiny", "--metadata", "k=1", "--metadata", "k=2"], 64, "k"),
    ]

    @Test(
        "a failure has the status of its class, a message on standard error and nothing on standard output",
        arguments: failures)
    func status(failure: Failure) async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        try workspace.directory.write("pickle/evil.bin", [0x80, 2, 0x7d, 0x71, 0, 0x2e])
        try workspace.directory.write("cut/model.safetensors", [9, 0, 0, 0, 0, 0, 0, 0, 0x7b])
        let outcome = try await workspace.deltaic.run(failure.arguments)
        #expect(outcome.status == failure.status, "\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("error: "), "\(outcome.errors)")
        #expect(outcome.errors.contains(failure.words), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test("a result that cannot be written is a failure of the system")
    func fullOutput() async throws {
        let workspace = try await Workspace()
        let outcome = try await workspace.deltaic.runShell("\"$DELTAIC\" list > /dev/full")
        #expect(outcome.status == 6)
    }

    @Test("a reader that goes away ends the command without a word")
    func closedPipe() async throws {
        let workspace = try await Workspace()
        let outcome = try await workspace.deltaic.runShell("(trap '' PIPE; \"$DELTAIC\" list; echo $? >&2) | true")
        #expect(outcome.errors == "141\n" || outcome.errors == "0\n", "\(outcome.errors)")
    }
}
