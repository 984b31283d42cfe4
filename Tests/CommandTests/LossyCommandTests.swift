import Foundation
import TestSupport
import Testing

/// Lossy codecs on the command line.
@Suite struct LossyCommandTests {
    private func pair(in workspace: Workspace) throws -> (base: String, tuned: String) {
        let base = SyntheticModel(seed: 3, rows: 300, width: 128)
        return (
            try base.write("base", in: workspace.directory),
            try base.tuned(seed: 4, by: 5e-4).write("tuned", in: workspace.directory)
        )
    }

    @Test("a codec by name, its figures, and the files that come back")
    func register() async throws {
        let workspace = try await Workspace()
        let (base, tuned) = try pair(in: workspace)
        try await workspace.succeed("base", "add", base, "--name", "tiny")
        let result = try await workspace.json(
            "register", tuned, "--name", "m", "--base", "tiny", "--codec", "seeded-sign", "--bits", "0.5")
        #expect(result["lossy"]["tensors"].array.count == 2)
        try await workspace.succeed("pull", "m", "--output", workspace.directory.path("out"))
        let original = try FolderContents.digests(of: tuned)
        let pulled = try FolderContents.digests(of: workspace.directory.path("out"))
        #expect(pulled["config.json"] == original["config.json"])
        #expect(pulled["model.safetensors"] != original["model.safetensors"])
        let text = try await workspace.succeed("show", "m").output
        #expect(text.contains("lossy codec") && text.contains("linear (2)") && text.contains("what papers quote"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        let details = try await workspace.json("show", "m")
        #expect(details["version"]["lossyCodec"].string == "seeded-sign")
    }

    @Test(
        "kernels with and without vector instructions make the same files",
        arguments: [
            ["seeded-sign", "--bits", "0.08"], ["seeded-sign", "--bits", "1.5"], ["ultradelta"],
            ["ultradelta", "--set", "mask=seeded"], ["bitdelta"], ["dare"], ["deltadq"],
        ])
    func portableKernels(_ options: [String]) async throws {
        var digests: [[String: String]] = []
        for portable in ["0", "1"] {
            let workspace = try await Workspace()
            let (base, tuned) = try pair(in: workspace)
            try await workspace.succeed("base", "add", base, "--name", "tiny")
            let outcome = try await workspace.deltaic.run(
                ["register", tuned, "--name", "m", "--base", "tiny", "--codec"] + options,
                environment: ["DELTAIC_PORTABLE_KERNELS": portable])
            try #require(outcome.status == 0, "\(outcome.errors)")
            // The other way round, and checked against the hashes of the registration.
            let out = workspace.directory.path("out")
            let pulled = try await workspace.deltaic.run(
                ["pull", "m", "--output", out],
                environment: ["DELTAIC_PORTABLE_KERNELS": portable == "0" ? "1" : "0"])
            try #require(pulled.status == 0, "\(pulled.errors)")
            digests.append(try FolderContents.digests(of: out))
        }
        #expect(digests[0] == digests[1])
    }

    @Test("a dry run prints figures and registers nothing")
    func dryRun() async throws {
        let workspace = try await Workspace()
        let (base, tuned) = try pair(in: workspace)
        try await workspace.succeed("base", "add", base, "--name", "tiny")
        let output = try await workspace.succeed(
            "register", tuned, "--name", "m", "--base", "tiny", "--codec", "ultradelta", "--dry-run"
        ).output
        #expect(output.contains("layer.0.dense.weight") && output.contains("ultradelta"))
        #expect(try await workspace.deltaic.run(["show", "m"]).status != 0)
        // Without a codec there is nothing to try.
        let refused = try await workspace.deltaic.run([
            "register", tuned, "--name", "m", "--base", "tiny", "--dry-run",
        ])
        #expect(refused.status == 64 && refused.errors.contains("--codec"))
    }

    @Test(
        "options that contradict each other are refused",
        arguments: [
            ["--ratio", "10", "--bits", "1"], ["--ratio", "1"], ["--bits", "0"],
            ["--recipe", "r.json", "--codec", "dare"],
            ["--set", "drop=0.5"], ["--quality", "best"], ["--max-error", "-1"],
        ])
    func contradictions(_ options: [String]) async throws {
        let workspace = try await Workspace()
        let outcome = try await workspace.deltaic.run(["register", "x", "--name", "m", "--base", "b"] + options)
        #expect(outcome.status == 64, "\(outcome.errors)")
    }

    @Test("an unknown codec or setting says what there is")
    func unknown() async throws {
        let workspace = try await Workspace()
        let (base, tuned) = try pair(in: workspace)
        try await workspace.succeed("base", "add", base, "--name", "tiny")
        let codec = try await workspace.deltaic.run([
            "register", tuned, "--name", "m", "--base", "tiny", "--codec", "zip",
        ])
        #expect(codec.status != 0 && codec.errors.contains("seeded-sign"))
        let setting = try await workspace.deltaic.run([
            "register", tuned, "--name", "m", "--base", "tiny", "--codec", "dare", "--set", "dropp=0.5",
        ])
        #expect(setting.status != 0 && setting.errors.contains("dropp") && setting.errors.contains("drop"))
    }

    @Test("codecs are compared in one table, with the scores of a command")
    func compare() async throws {
        let workspace = try await Workspace()
        let (base, tuned) = try pair(in: workspace)
        try await workspace.succeed("base", "add", base, "--name", "tiny")
        let output = try await workspace.succeed(
            "compare", tuned, "--base", "tiny", "--codecs", "seeded-sign,dare", "--ratios-linear", "8,20", "--command",
            "wc -c < $1/config.json"
        ).output
        let rows = output.split(separator: "\n").filter { $0.contains("x linear") }
        #expect(rows.count == 4 && rows.allSatisfy { $0.hasSuffix(" 18") })
        #expect(output.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(try await workspace.deltaic.run(["list", "--base", "tiny"]).output.contains("nothing"))
    }

    @Test("scores are kept, shown and ordered by")
    func scores() async throws {
        let workspace = try await Workspace()
        let (base, tuned) = try pair(in: workspace)
        try await workspace.succeed("base", "add", base, "--name", "tiny")
        for (name, seed) in [("a", "1"), ("b", "2"), ("c", "3")] {
            try await workspace.succeed(
                "register", tuned, "--name", name, "--base", "tiny", "--codec", "seeded-sign", "--seed", seed)
        }
        try await workspace.succeed("evaluate", "a", "--command", "echo 0.5")
        try await workspace.succeed("evaluate", "c", "--command", "echo 0.75")
        let list = try await workspace.json("list", "--sort", "score", "--base", "tiny")
        #expect(list.array.map { $0["latest"]["model"].string } == ["c", "a", "b"])
        #expect(try await workspace.succeed("show", "c").output.contains("0.75 by `echo 0.75`"))
        let failed = try await workspace.deltaic.run(["evaluate", "a", "--command", "exit 1"])
        #expect(failed.status != 0 && failed.errors.contains("exit status 0"))
    }
}
