import TestSupport
import Testing

@Suite("The list command")
struct ListCommandTests {
    private func workspace() async throws -> Workspace {
        let workspace = try await Workspace()
        let (base, _) = try await workspace.addPair()
        try await workspace.succeed(
            "register", base.tuned(seed: 9).write("other", in: workspace.directory), "--name", "Org/a_b", "--base",
            "tiny")
        return workspace
    }

    private func names(_ list: JSONValue) -> [String?] { list.array.map { $0["latest"]["model"].string } }

    @Test("names are searched in any letter case, without wildcards")
    func search() async throws {
        let workspace = try await workspace()
        #expect(names(try await workspace.json("list", "--search", "ORG/")) == ["Org/a_b", "org/tuned"])
        #expect(names(try await workspace.json("list", "--search", "_")) == ["Org/a_b"])
        #expect(names(try await workspace.json("list", "--search", "%")) == [])
    }

    @Test(
        "a limit shows the first models of the order", arguments: ["name", "registered", "stored", "created", "score"])
    func limit(order: String) async throws {
        let workspace = try await workspace()
        let all = names(try await workspace.json("list", "--sort", order))
        #expect(all.count == 3)
        #expect(names(try await workspace.json("list", "--sort", order, "--limit", "2")) == Array(all.prefix(2)))
        #expect(names(try await workspace.json("list", "--sort", order, "--limit", "9")) == all)
    }

    @Test("a limit of no models is a wrong use", arguments: ["0", "-1", "x"])
    func noLimit(limit: String) async throws {
        let workspace = try await Workspace()
        #expect(try await workspace.deltaic.run(["list", "--limit=\(limit)"]).status == 64)
    }
}
