import TestSupport
import Testing

/// What the program says about itself.
@Suite struct HelpTests {
    static let commands = [
        ["init"], ["base"], ["base", "add"], ["base", "list"], ["register"], ["list"], ["show"], ["log"], ["savings"],
        ["pull"], ["tag"], ["untag"], ["task"], ["task", "add"], ["task", "list"], ["remove"], ["gc"], ["sign"],
        ["verify"], ["repair"], ["rebuild"],
        ["inspect"], ["diff"], ["report"], ["token"], ["token", "add"], ["token", "list"], ["token", "revoke"],
    ]

    private func run(_ arguments: [String]) async throws -> DeltaicProcess.Outcome {
        try await DeltaicProcess(in: try TemporaryDirectory()).run(arguments)
    }

    @Test("every command has help", arguments: commands)
    func help(command: [String]) async throws {
        let outcome = try await run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("OVERVIEW: "))
        #expect(outcome.output.contains("USAGE: deltaic " + command.joined(separator: " ")))
        #expect(outcome.errors.isEmpty)
    }

    @Test("the root help lists every command, the exit statuses and completion", arguments: [["--help"], []])
    func rootHelp(arguments: [String]) async throws {
        let outcome = try await run(arguments)
        #expect(outcome.status == 0)
        for command in Self.commands where command.count == 1 { #expect(outcome.output.contains("\n  \(command[0]) ")) }
        for status in ["0", "1", "2", "3", "4", "5", "6", "7", "64", "130"] {
            #expect(outcome.output.contains(" \(status)  "))
        }
        #expect(outcome.output.contains("--generate-completion-script"))
    }

    @Test("the version is printed alone")
    func version() async throws {
        let outcome = try await run(["--version"])
        #expect(outcome.status == 0)
        #expect(outcome.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    @Test("completion scripts are generated", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) async throws {
        let outcome = try await run(["--generate-completion-script", shell])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("register"))
        #expect(outcome.errors.isEmpty)
    }
}
