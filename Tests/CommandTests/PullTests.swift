import TestSupport
import Testing

/// What `pull` writes.
@Suite struct PullTests {
    @Test("one tensor comes in a safetensors file of its own")
    func oneTensor() async throws {
        let workspace = try await Workspace()
        let tuned = try await workspace.addPair().tuned
        try await workspace.succeed(
            "pull", "org/tuned", "--tensor", "layer.1.dense.bias", "--output", workspace.directory.path("out"))
        #expect(FolderContents.files(in: workspace.directory.path("out")) == ["tensors.safetensors"])
        let bytes = try FolderContents.bytes(of: workspace.directory.path("out/tensors.safetensors"))
        #expect(tuned.tensors.last.map { bytes.suffix($0.bytes.count).elementsEqual($0.bytes) } == true)
    }

    @Test("a tensor that is named twice comes once")
    func repeatedTensor() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let arguments = ["--tensor", "layer.1.dense.bias"]
        try await workspace.succeed("pull", "tiny", arguments[0], arguments[1], "--output", "once")
        let outcome = try await workspace.deltaic.run(["pull", "tiny", "--output", "twice"] + arguments + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            try FolderContents.bytes(of: workspace.directory.path("once/tensors.safetensors"))
                == FolderContents.bytes(of: workspace.directory.path("twice/tensors.safetensors")))
    }

    @Test("tensors and a file of the name that they would get do not overwrite each other")
    func tensorFileName() async throws {
        let workspace = try await Workspace()
        try SyntheticModel(seed: 1).write("base", in: workspace.directory)
        try workspace.directory.write("base/tensors.safetensors", SyntheticModel(seed: 2).builder.bytes())
        try await workspace.succeed("base", "add", workspace.directory.path("base"), "--name", "tiny")
        let outcome = try await workspace.deltaic(
            "pull", "tiny", "--file", "tensors.safetensors", "--tensor", "layer.1.dense.bias", "--output", "out")
        #expect(outcome.status == 4)
        #expect(outcome.errors.contains("tensors.safetensors"))
    }

    @Test("one file comes alone")
    func oneFile() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        try await workspace.succeed(
            "pull", "org/tuned", "--file", "config.json", "--output", workspace.directory.path("out"))
        #expect(FolderContents.files(in: workspace.directory.path("out")) == ["config.json"])
    }

    @Test("other files of the output folder stay")
    func keepsOthers() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        try workspace.directory.write("out/mine.txt", [1])
        try await workspace.succeed("pull", "org/tuned", "--output", workspace.directory.path("out"))
        #expect(FolderContents.files(in: workspace.directory.path("out")).contains("mine.txt"))
    }

    @Test("a version is found by number, commit id and tag", arguments: ["@v1", "@1", ":prod", "@commit", ":latest"])
    func references(selector: String) async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let commit = try await workspace.json("show", "org/tuned")["version"]["commit"].string
        let suffix = selector == "@commit" ? "@" + (commit ?? "").prefix(9) : selector
        let version = try await workspace.json("show", "org/tuned" + suffix)["version"]
        #expect(version["number"].integer == 1)
    }

    @Test("a relative registry and a relative output folder are those of the working directory")
    func relativePaths() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let outcome = try await workspace.deltaic.run(
            ["pull", "org/tuned", "--registry", "registry", "--output", "here/out"],
            environment: ["DELTAIC_HOME": nil])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(FolderContents.files(in: workspace.directory.path("here/out")).count == 2)
    }

    @Test("without --registry and DELTAIC_HOME the registry is in XDG_DATA_HOME")
    func dataHome() async throws {
        let directory = try TemporaryDirectory()
        let deltaic = DeltaicProcess(in: directory)
        let outcome = try await deltaic.run(
            ["init"], environment: ["DELTAIC_HOME": nil, "XDG_DATA_HOME": directory.path("data")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(FolderContents.files(in: directory.path("data/deltaic")).contains("deltaic.json"))
    }
}
