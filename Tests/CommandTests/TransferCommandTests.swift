import Foundation
import Glibc
import TestSupport
import Testing

/// Pushing, pulling, syncing and importing on the command line.
@Suite(.timeLimit(.minutes(3))) struct TransferCommandTests {
    /// Serves the registry of a workspace while `body` runs, with the URL and a token that may write.
    private func serve(
        _ workspace: Workspace, body: @escaping @Sendable (_ url: String, _ token: String) async throws -> Void
    ) async throws {
        let token = try await workspace.succeed("token", "add", UUID().uuidString, "--scope", "write").lines[0]
        let runs = workspace.directory.path(".runs")
        let before = Set(FolderContents.files(in: runs))
        _ = try await workspace.deltaic.run(["serve", "--listen", "127.0.0.1:0", "--json", "--rate", "0"]) { process in
            var url: String?
            _ = try await becomesTrue {
                let added = FolderContents.files(in: runs).first { !before.contains($0) && $0.hasSuffix(".out") }
                guard let added else { return false }
                let text = String(decoding: try FolderContents.bytes(of: runs + "/" + added), as: UTF8.self)
                url = text.firstMatch(of: /http:\/\/127\.0\.0\.1:\d+/).map { String($0.output) }
                return url != nil || kill(process, 0) != 0
            }
            // A test that fails ends the process too.
            defer { kill(process, SIGTERM) }
            try await body(try #require(url), token)
        }
    }

    @Test("remotes are added, listed and removed; no output has a token, and only the owner can read the file")
    func remotes() async throws {
        let workspace = try await Workspace()
        let secret = "hf_" + String(repeating: "a", count: 40)
        let file = try workspace.directory.write("token", (secret + "\n").utf8)
        #expect(try await workspace.succeed("remote", "list").lines == ["there are no remotes"])
        let added = try await workspace.succeed(
            "remote", "add", "origin", "https://models.example.org/", "--token-file", file)
        #expect(added.lines == ["added remote origin: https://models.example.org"])
        try await workspace.succeed("remote", "add", "other", "http://localhost:1", "--token-env", "OTHER_TOKEN")
        let list = try await workspace.succeed("remote", "list")
        #expect(list.lines.count == 3 && !list.output.contains(secret) && list.output.contains("$OTHER_TOKEN"))
        let json = try await workspace.json("remote", "list")
        #expect(json.array.map { $0["name"].string } == ["origin", "other"] && json[0]["token"].string == nil)
        let path = workspace.deltaic.registry + "/remotes.json"
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        for (arguments, status) in [
            (["remote", "add", "origin", "https://example.org"], 4), (["remote", "add", "bad", "ftp://x"], 3),
            (["remote", "add", "bad", "https://user:pass@x"], 3), (["remote", "add", "../x", "https://x"], 3),
            (["remote", "remove", "none"], 2), (["push", "none", "model"], 2), (["sync", "none"], 2),
            (["push", "other", "model"], 3), (["pull", "model"], 64), (["pull", "model", "--remote", "none"], 2),
            (["remote", "add", "bad", "https://x", "--token-file", file, "--token-env", "X"], 64),
        ] as [([String], Int32)] {
            let outcome = try await workspace.deltaic.run(arguments)
            #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
            #expect(!outcome.errors.contains(secret))
        }
        try await workspace.succeed("remote", "remove", "origin")
        #expect(try await workspace.json("remote", "list").array.count == 1)
        let kept = String(decoding: try FolderContents.bytes(of: path), as: UTF8.self)
        #expect(!kept.contains(secret))
    }

    @Test("a version is pushed to another registry and pulled into a third; the second time nothing moves")
    func pushAndPull() async throws {
        let (here, there, third) = (try await Workspace(), try await Workspace(), try await Workspace())
        try await here.addPair()
        let tuned = try FolderContents.digests(of: here.directory.path("tuned"))
        try await serve(there) { url, token in
            let file = try here.directory.write("token", token.utf8)
            try await here.succeed("remote", "add", "origin", url, "--token-file", file)
            let pushed = try await here.succeed("push", "origin", "org/tuned")
            #expect(pushed.lines.count == 3, "\(pushed.output)")
            #expect(
                pushed.lines[0].hasPrefix("pushed tiny@v1: ") && pushed.lines[0].hasSuffix("0 of 7 objects were there"))
            #expect(pushed.lines[1].contains("in 1 pack, 2 of 7 objects were there"), "\(pushed.output)")
            #expect(pushed.lines[2] == "copied the tag prod of org/tuned@v1")
            let again = try await here.succeed("push", "origin", "org/tuned:prod")
            #expect(again.lines == ["org/tuned@v1 is there already: no pack moved"])

            // The other one has nothing, and needs a token too.
            try await third.succeed("remote", "add", "origin", url, "--token-env", "REMOTE_TOKEN")
            let missing = try await third.deltaic.run(["pull", "org/tuned", "--remote", "origin"])
            #expect(missing.status == 3 && missing.errors.contains("REMOTE_TOKEN"), "\(missing.errors)")
            let pulled = try await third.deltaic.run(
                ["pull", "org/tuned:prod", "--remote", "origin", "--output", third.directory.path("out")],
                environment: ["REMOTE_TOKEN": token])
            #expect(pulled.status == 0 && pulled.output.contains("pulled org/tuned@v1: "), "\(pulled.errors)")
            #expect(try FolderContents.digests(of: third.directory.path("out")) == tuned)
            let registered = try await third.deltaic.run(
                ["pull", "org/tuned", "--remote", "origin", "--json"], environment: ["REMOTE_TOKEN": token])
            #expect(try registered.json()["transfer"]["versions"].array.isEmpty)
            #expect(try await third.json("show", "org/tuned")["version"]["task"].string == "math")

            let wrong = try await third.deltaic.run(
                ["pull", "org/tuned", "--remote", "origin"], environment: ["REMOTE_TOKEN": "hf_wrong"])
            #expect(wrong.status == 3 && !wrong.errors.contains("hf_wrong"), "\(wrong.errors)")
        }
        let unreachable = try await here.deltaic.run(["remote", "add", "gone", "http://127.0.0.1:9"])
        #expect(unreachable.status == 0)
    }

    @Test("a sync tells of a model that has diverged, goes on with the others, and exits with the status of a conflict")
    func sync() async throws {
        let (here, there) = (try await Workspace(), try await Workspace())
        try await here.addPair()
        let base = SyntheticModel(seed: 1)
        try await there.succeed("base", "add", base.write("base", in: there.directory), "--name", "tiny")
        try await there.succeed(
            "register", base.tuned(seed: 99).write("tuned", in: there.directory), "--name", "org/tuned", "--base",
            "tiny")
        let other = SyntheticModel(seed: 8)
        try await there.succeed("base", "add", other.write("other", in: there.directory), "--name", "other")
        try await serve(there) { url, token in
            let file = try here.directory.write("token", token.utf8)
            try await here.succeed("remote", "add", "origin", url, "--token-file", file)
            let report = try await here.deltaic.run(["sync", "origin", "--json"])
            #expect(report.status == 4 && report.errors.contains("have diverged"), "\(report.errors)")
            let models = try report.json()["models"].array
            #expect(models.map { $0["model"].string } == ["other", "tiny", "org/tuned"])
            #expect(models[2]["problem"].string != nil)
            #expect(models.first { $0["model"].string == "other" }?["pulled"].array.count == 1)
            #expect(models.first { $0["model"].string == "tiny" }?["problem"].string == nil)
        }
        #expect(try await here.json("show", "other")["version"]["number"].integer == 1)
    }

    @Test("a model is imported from a server that speaks the Hub's protocol")
    func importModel() async throws {
        let (here, there) = (try await Workspace(), try await Workspace())
        try await there.addPair()
        try await serve(there) { url, token in
            func run(_ arguments: String...) async throws -> DeltaicProcess.Outcome {
                try await here.deltaic.run(
                    ["import", "--from", url, "--token-env", "HUB_TOKEN"] + arguments, environment: ["HUB_TOKEN": token]
                )
            }
            let base = try await run("tiny")
            #expect(base.status == 0 && base.errors.contains("without --base it is a base itself"), "\(base.errors)")
            let tuned = try await run("org/tuned", "--base", "tiny", "--name", "mine/tuned", "--task", "math")
            #expect(
                tuned.status == 0 && tuned.lines.last?.hasPrefix("registered mine/tuned@v1: ") == true,
                "\(tuned.errors)")
            let again = try await run("org/tuned", "--base", "tiny", "--name", "mine/tuned")
            #expect(again.output.contains("already: nothing was downloaded"))
            #expect(try await run("none").status == 2)
            #expect(try await run("org/tuned", "--base", "mine/tuned").status == 4)
        }
        try await here.succeed("pull", "mine/tuned", "--output", here.directory.path("out"))
        let out = try FolderContents.digests(of: here.directory.path("out"))
        #expect(try out == FolderContents.digests(of: there.directory.path("tuned")))
        #expect(FolderContents.files(in: here.deltaic.registry + "/uploads/imports").isEmpty)
    }

    @Test(
        "help tells of every option, and completion knows the commands",
        arguments: ["remote", "push", "sync", "import"])
    func help(command: String) async throws {
        let workspace = try await Workspace()
        let help = try await workspace.succeed(command, "--help")
        #expect(help.output.contains("USAGE: deltaic \(command)"))
        let completion = try await workspace.succeed("--generate-completion-script", "bash")
        #expect(completion.output.contains("deltaic_\(command)"))
    }
}
