import TestSupport
import Testing

/// Access tokens on the command line.
@Suite struct TokenCommandTests {
    private func isSecret(_ text: String) -> Bool { text.wholeMatch(of: /hf_[A-Za-z0-9]{40}/) != nil }

    @Test("the secret alone goes to standard output, the rest to standard error")
    func addPrintsSecret() async throws {
        let workspace = try await Workspace()
        let outcome = try await workspace.succeed("token", "add", "ci", "--scope", "write", "--namespace", "org")
        #expect(outcome.lines.count == 1 && isSecret(outcome.lines[0]))
        #expect(
            outcome.errors == """
                note: added token ci (write in org); its secret cannot be shown again
                note: there is no model in the namespace org yet

                """)
    }

    @Test("tokens outlive the process that made them; no command and no file of the registry has a secret")
    func persists() async throws {
        let workspace = try await Workspace()
        let first = try await workspace.json("token", "add", "ci", "--expires", "30")
        let secret = try #require(first["secret"].string)
        #expect(isSecret(secret))
        #expect(first["token"]["scope"].string == "read")
        let printed = try await workspace.succeed("token", "add", "other", "--scope", "admin").lines[0]

        let listed = try await workspace.json("token", "list")
        #expect(listed.array.map { $0["name"].string } == ["ci", "other"])
        #expect(Set(listed[0].keys) == ["createdAt", "expiresAt", "name", "scope"])
        let table = try await workspace.succeed("token", "list")
        #expect(table.lines.count == 3 && table.lines[2].hasSuffix("never"), "\(table.output)")
        for secret in [secret, printed] {
            #expect(!table.output.contains(secret) && !table.output.contains(secret.dropFirst(3)))
            for file in FolderContents.files(in: workspace.deltaic.registry) {
                let bytes = try FolderContents.bytes(of: workspace.deltaic.registry + "/" + file)
                #expect(!String(decoding: bytes, as: UTF8.self).contains(secret.dropFirst(3)), "\(file)")
            }
        }
    }

    @Test("a revoked token is no longer listed, and its name is free")
    func revokes() async throws {
        let workspace = try await Workspace()
        #expect(try await workspace.succeed("token", "list").lines == ["there are no tokens"])
        try await workspace.succeed("token", "add", "ci")
        #expect(try await workspace.succeed("token", "revoke", "ci").lines == ["revoked token ci"])
        #expect(try await workspace.json("token", "list").array.isEmpty)
        try await workspace.succeed("token", "add", "ci")
        #expect(try await workspace.json("token", "revoke", "ci")["name"].string == "ci")
    }

    @Test(
        "what cannot be is refused with the status of its class",
        arguments: [
            (["add", "ci"], 4, "revoke ci"), (["add", "a b"], 3, "token name"),
            (["add", "new", "--namespace", "a/b"], 3, "namespace"), (["revoke", "gone"], 2, "the tokens ci"),
            (["add", "new", "--expires", "0"], 64, "--expires"),
            (["add", "new", "--expires", "99999999"], 64, "--expires"),
            (["add", "new", "--scope", "root"], 64, "root"), (["add"], 64, "name"),
        ] as [([String], Int32, String)])
    func refusals(arguments: [String], status: Int32, words: String) async throws {
        let workspace = try await Workspace()
        try await workspace.succeed("token", "add", "ci")
        let outcome = try await workspace.deltaic.run(["token"] + arguments)
        #expect(outcome.status == status && outcome.errors.contains(words), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(try await workspace.json("token", "list").array.count == 1)
    }
}
