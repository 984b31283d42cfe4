import TestSupport
import Testing

/// The JSON of every command that reports.
@Suite struct JSONOutputTests {
    private static let summary = [
        "commit", "createdAt", "isBase", "model", "number", "rawBytes", "storedBytes", "tags",
    ]

    /// A command and keys that its result, or the first element of it, must have.
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let keys: [String]
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let cases = [
        Case(arguments: ["list"], keys: ["latest", "rawBytes", "storedBytes", "versionCount"]),
        Case(arguments: ["base", "list"], keys: ["latest", "rawBytes", "storedBytes", "versionCount"]),
        Case(arguments: ["show", "org/tuned"], keys: ["files", "pack", "tensors", "tree", "version"]),
        Case(arguments: ["log", "org/tuned"], keys: summary + ["base", "message", "task"]),
        Case(
            arguments: ["savings", "--by", "task"],
            keys: [
                "catalogBytes", "garbageBytes", "grouping", "groups", "rawBytes", "retainedBytes", "storedBytes",
                "versions",
            ]),
        Case(arguments: ["pull", "org/tuned", "--output", "out"], keys: ["files", "output", "version"]),
        Case(arguments: ["tag", "org/tuned", "next"], keys: summary),
        Case(arguments: ["untag", "org/tuned", "prod"], keys: ["model", "tag"]),
        Case(arguments: ["task", "add", "code"], keys: ["name"]),
        Case(arguments: ["task", "list"], keys: ["modelCount", "name"]),
        Case(arguments: ["remove", "org/tuned"], keys: ["garbageBytes", "removed", "retainedBytes"]),
        Case(arguments: ["verify"], keys: ["checkedBytes", "garbageBytes", "objects", "packs", "problems", "strays"]),
        Case(arguments: ["verify", "org/tuned", "--data"], keys: ["checkedBytes", "objects", "packs", "problems"]),
        Case(
            arguments: ["gc"],
            keys: ["deleted", "freedBytes", "inUse", "isDryRun", "leftovers", "repacked", "strays", "waiting"]),
        Case(arguments: ["repair"], keys: ["checkedPacks", "isDryRun", "packs", "rewroteJournal", "unreadable"]),
        Case(
            arguments: ["rebuild"],
            keys: ["hasJournal", "isDryRun", "lost", "models", "objects", "packs", "problems", "tags", "versions"]),
        Case(
            arguments: ["diff", "tiny", "org/tuned"],
            keys: ["files", "histograms", "left", "right", "shared", "tensors"]),
        Case(arguments: ["report", "org/tuned", "--output", "r.html"], keys: ["bytes", "path", "version"]),
        Case(
            arguments: ["register", "tuned", "--name", "other", "--base", "tiny"],
            keys: ["isNew", "knownObjects", "newObjects", "notApplied", "skipped", "storedBytes", "version"]),
        Case(
            arguments: ["base", "add", "base", "--name", "second"],
            keys: ["isNew", "knownObjects", "newObjects", "notApplied", "skipped", "storedBytes", "version"]),
        Case(arguments: ["init", "--registry", "another"], keys: ["path"]),
        Case(arguments: ["token", "add", "ci"], keys: ["secret", "token"]),
    ]

    @Test("--json gives one JSON value with the fields of the result", arguments: cases)
    func fields(example: Case) async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let outcome = try await workspace.deltaic.run(example.arguments + ["--json"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let value = try outcome.json()
        let keys = value.array.isEmpty ? value.keys : value[0].keys
        #expect(Set(keys).isSuperset(of: example.keys), "found \(keys)")
    }

    @Test("--json of inspect has streams and objects")
    func inspect() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let pack = try #require(try await workspace.json("show", "org/tuned")["pack"].string)
        let report = try await workspace.json("inspect", String(pack.prefix(8)))
        #expect(report["id"].string == pack)
        #expect(report["version"].string == "org/tuned@v1")
        #expect(report["streams"].array.contains { $0["codec"].string == "exact" })
        let names = report["objects"].array.flatMap { $0["names"].array.compactMap(\.string) }
        #expect(names.contains("embeddings.weight"))
    }

    @Test("a pack is inspected by its path without a registry")
    func inspectByPath() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let packs = workspace.deltaic.registry + "/packs"
        let path = packs + "/" + (try #require(FolderContents.files(in: packs).first))
        let outcome = try await workspace.deltaic.run(
            ["inspect", path, "--json"], environment: ["DELTAIC_HOME": workspace.directory.path("none")])
        #expect(try outcome.json()["path"].string == path)
    }

    @Test("keys are sorted")
    func sortedKeys() async throws {
        let workspace = try await Workspace()
        let lines = try await workspace.deltaic("savings", "--json").lines
        let keys = lines.filter { $0.hasPrefix("  \"") }.compactMap { $0.split(separator: "\"").dropFirst().first }
        #expect(keys.count == 9)
        #expect(keys == keys.sorted())
    }

    @Test("diff counts changed weights and the relative size of the change")
    func diff() async throws {
        let workspace = try await Workspace()
        let base = SyntheticModel(seed: 30)
        var tuned = base
        tuned.tensors[0].values[5] *= 2
        try await workspace.succeed(
            "base", "add", base.write("base", in: workspace.directory), "--name", "tiny")
        try await workspace.succeed(
            "register", tuned.write("tuned", in: workspace.directory), "--name", "a", "--base", "tiny")
        let tensors = try await workspace.json("diff", "tiny", "a")["tensors"]
        #expect(tensors.array.map { $0["kind"].string } == ["changed", "same", "same", "same", "same"])
        #expect(tensors[0]["changed"].integer == 1)
        #expect(tensors[0]["compared"].integer == 6400)
        #expect(tensors[0]["storedBytes"].integer != nil)
    }
}
