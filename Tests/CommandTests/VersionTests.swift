import TestSupport
import Testing

/// Versions, tags, tasks and removal.
@Suite struct VersionTests {
    @Test("a second registration under a name makes v2, and v1 still comes back")
    func secondVersion() async throws {
        let workspace = try await Workspace()
        let tuned = try await workspace.addPair().tuned
        let next = try tuned.tuned(seed: 20).write("next", in: workspace.directory)
        let result = try await workspace.json("register", next, "--name", "org/tuned", "--base", "tiny")
        #expect(result["version"]["number"].integer == 2)
        for (version, folder) in [("v1", "tuned"), ("v2", "next")] {
            try await workspace.succeed(
                "pull", "org/tuned@\(version)", "--output", workspace.directory.path("out-\(version)"))
            #expect(
                try FolderContents.digests(of: workspace.directory.path("out-\(version)"))
                    == FolderContents.digests(of: workspace.directory.path(folder)))
        }
    }

    @Test("registering the same files again says so and stores nothing")
    func sameFiles() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let before = FolderContents.packs(ofRegistry: workspace.deltaic.registry)
        let outcome = try await workspace.succeed(
            "register", workspace.directory.path("tuned"), "--name", "org/tuned", "--base", "tiny")
        #expect(outcome.lines.first == "org/tuned@v1 has exactly these files already: nothing was stored")
        #expect(FolderContents.packs(ofRegistry: workspace.deltaic.registry) == before)
    }

    @Test("a registration says what it stored")
    func registrationLine() async throws {
        let workspace = try await Workspace()
        let base = try SyntheticModel(seed: 1).write("base", in: workspace.directory)
        let outcome = try await workspace.succeed("base", "add", base, "--name", "tiny")
        #expect(
            outcome.output.wholeMatch(
                of: /added base tiny@v1: .* kB, stored in .* kB \(.* %\), 7 of 7 objects were new\n/) != nil)
    }

    @Test("what is left out of a folder is said on standard error")
    func skippedPaths() async throws {
        let workspace = try await Workspace()
        try SyntheticModel(seed: 1).write("base", in: workspace.directory)
        try workspace.directory.write("base/.git/HEAD", [65])
        let outcome = try await workspace.succeed("base", "add", workspace.directory.path("base"), "--name", "tiny")
        #expect(outcome.errors.contains(".git/"))
        #expect(!outcome.output.contains(".git/"))
    }

    @Test("a tag moves to the version that it is given")
    func tagMoves() async throws {
        let workspace = try await Workspace()
        let tuned = try await workspace.addPair().tuned
        let next = try tuned.tuned(seed: 20).write("next", in: workspace.directory)
        try await workspace.succeed("register", next, "--name", "org/tuned", "--base", "tiny")
        try await workspace.succeed("tag", "org/tuned@v2", "prod")
        #expect(try await workspace.json("show", "org/tuned:prod")["version"]["number"].integer == 2)
    }

    @Test("a tag that was taken away names nothing any more")
    func untag() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        try await workspace.succeed("untag", "org/tuned", "prod")
        #expect(try await workspace.deltaic("show", "org/tuned:prod").status == 2)
    }

    @Test("the task of a registration is listed with its models")
    func tasks() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        try await workspace.succeed("task", "add", "math", "--description", "Sums")
        let tasks = try await workspace.json("task", "list")
        #expect(tasks[0]["name"].string == "math")
        #expect(tasks[0]["description"].string == "Sums")
        #expect(tasks[0]["modelCount"].integer == 1)
    }

    @Test(
        "each filter of a listing lets the fine-tune through and not the base",
        arguments: [["--base", "tiny"], ["--task", "math"], ["--tag", "prod"], ["--namespace", "org"]])
    func filters(filter: [String]) async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let outcome = try await workspace.deltaic.run(["list", "--json"] + filter)
        #expect(try outcome.json().array.map { $0["latest"]["model"].string } == ["org/tuned"])
    }

    @Test("bases are listed by themselves", arguments: [["list", "--bases"], ["base", "list"]])
    func bases(command: [String]) async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let outcome = try await workspace.deltaic.run(command + ["--json"])
        #expect(try outcome.json().array.map { $0["latest"]["model"].string } == ["tiny"])
    }

    @Test("a base with fine-tunes is not removed, and the refusal names them")
    func removalRefused() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let outcome = try await workspace.deltaic("remove", "tiny")
        #expect(outcome.status == 4)
        #expect(outcome.errors.contains("org/tuned@v1"))
        #expect(outcome.output.isEmpty)
        #expect(try await workspace.deltaic("verify").status == 0)
    }

    @Test("removing a fine-tune frees its pack and leaves the base whole")
    func removal() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let report = try await workspace.json("remove", "org/tuned")
        #expect(report["removed"][0]["model"].string == "org/tuned")
        let garbage = try #require(report["garbageBytes"].integer)
        #expect(garbage > 0)
        #expect(FolderContents.packs(ofRegistry: workspace.deltaic.registry).count == 2)
        #expect(try await workspace.json("gc")["waitingBytes"].integer == garbage)
        #expect(try await workspace.json("gc", "--grace", "0", "--dry-run")["freedBytes"].integer == garbage)
        #expect(FolderContents.packs(ofRegistry: workspace.deltaic.registry).count == 2)
        #expect(try await workspace.json("gc", "--grace", "0")["freedBytes"].integer == garbage)
        #expect(FolderContents.packs(ofRegistry: workspace.deltaic.registry).count == 1)
        #expect(try await workspace.deltaic("verify").status == 0)
    }

    @Test("a name without a version removes all of them")
    func removalOfAll() async throws {
        let workspace = try await Workspace()
        let tuned = try await workspace.addPair().tuned
        let next = try tuned.tuned(seed: 20).write("next", in: workspace.directory)
        try await workspace.succeed("register", next, "--name", "org/tuned", "--base", "tiny")
        #expect(try await workspace.json("remove", "org/tuned")["removed"].array.count == 2)
        #expect(try await workspace.deltaic("show", "org/tuned").status == 2)
    }

    @Test("the newest version can be named and removed alone", arguments: ["latest", "main"])
    func removalOfLatest(tag: String) async throws {
        let workspace = try await Workspace()
        let tuned = try await workspace.addPair().tuned
        let next = try tuned.tuned(seed: 20).write("next", in: workspace.directory)
        try await workspace.succeed("register", next, "--name", "org/tuned", "--base", "tiny")
        let removed = try await workspace.json("remove", "org/tuned:\(tag)")["removed"].array
        #expect(removed.map { $0["number"].integer } == [2])
        #expect(try await workspace.json("log", "org/tuned").array.count == 1)
    }

    @Test("savings agree with the bytes of the packs on disk")
    func savingsAgree() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let packs = workspace.deltaic.registry + "/packs"
        let bytes = try FolderContents.packs(ofRegistry: workspace.deltaic.registry).reduce(0) {
            try $0 + FolderContents.bytes(of: packs + "/" + $1).count
        }
        #expect(try await workspace.json("savings")["storedBytes"].integer == bytes)
    }
}
