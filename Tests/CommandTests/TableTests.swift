import TestSupport
import Testing

/// The tables for people.
@Suite struct TableTests {
    private static let long = String(repeating: "a-long-name-", count: 7) + "end"

    private func workspace() async throws -> Workspace {
        let workspace = try await Workspace()
        var base = SyntheticModel(seed: 40)
        base.tensors.append(
            SyntheticModel.Tensor(name: "a.very." + Self.long + "." + Self.long, shape: [2], values: [1, 2]))
        let long = Self.long + Self.long
        try workspace.directory.write("tuned/\(long).txt", [1])
        try await workspace.succeed(
            "base", "add", base.write("base", in: workspace.directory), "--name", "org/" + Self.long)
        try await workspace.succeed(
            "register", base.tuned(seed: 41).write("tuned", in: workspace.directory), "--name", "me/" + Self.long,
            "--base", "org/" + Self.long, "--task", Self.long, "--tag", Self.long, "--message", Self.long)
        return workspace
    }

    private static let commands = [
        ["list"], ["base", "list"], ["log", "me/" + long], ["savings"], ["savings", "--by", "base"],
        ["savings", "--by", "task"], ["show", "me/" + long, "--tensors"], ["diff", "org/" + long, "me/" + long],
        ["pull", "me/" + long, "--output", "out"], ["task", "list"],
    ]

    @Test("tables fit 100 columns by shortening the middle of names", arguments: commands)
    func fits(command: [String]) async throws {
        let workspace = try await workspace()
        let outcome = try await workspace.deltaic.run(command, environment: ["COLUMNS": "100"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("\u{2026}"))
        let table = outcome.lines.filter { $0.contains("\u{2026}") || $0.hasPrefix("name ") || $0.hasPrefix("---") }
        #expect(table.allSatisfy { $0.count <= 100 }, "\(outcome.output)")
    }

    @Test("names are whole when standard output is no terminal", arguments: commands)
    func wholeNames(command: [String]) async throws {
        let workspace = try await workspace()
        let outcome = try await workspace.deltaic.run(command)
        #expect(outcome.output.contains(Self.long))
        #expect(!outcome.output.contains("\u{2026}"))
    }

    @Test("numbers end in one column")
    func aligned() async throws {
        let workspace = try await workspace()
        let lines = try await workspace.succeed("savings").lines
        #expect(Set(lines.prefix(5).map(\.count)).count == 1, "\(lines)")
    }

    @Test("control characters of names from outside are escaped")
    func escaped() async throws {
        let workspace = try await Workspace()
        var builder = SafetensorsBuilder()
        builder.add("evil\u{1b}[2Jname", dtype: "U8", [2], [1, 2])
        try workspace.directory.write("model/model.safetensors", builder.bytes())
        try await workspace.succeed("base", "add", workspace.directory.path("model"), "--name", "x")
        let output = try await workspace.succeed("show", "x", "--tensors").output
        #expect(!output.contains("\u{1b}"))
        #expect(output.contains("evil"))
    }

    @Test("savings end in a total and a ratio")
    func total() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let lines = try await workspace.succeed("savings").lines
        let total = try #require(lines.first { $0.hasPrefix("total") })
        #expect(total.hasSuffix("x"))
        #expect(lines.last?.contains("the catalog takes") == true)
    }

    @Test("inspect shows every object when it is asked to")
    func objects() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let pack = try #require(try await workspace.json("show", "org/tuned")["pack"].string)
        #expect(!(try await workspace.succeed("inspect", pack).output.contains("embeddings.weight")))
        #expect(try await workspace.succeed("inspect", pack, "--objects").output.contains("embeddings.weight"))
    }
}
