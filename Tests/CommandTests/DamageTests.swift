import Foundation
import TestSupport
import Testing

/// Damaged packs are noticed, named, and never handed out.
@Suite struct DamageTests {
    /// A registry of one base with one large tensor, and its pack.
    private func workspace() async throws -> (workspace: Workspace, pack: String) {
        let workspace = try await Workspace()
        let model = SyntheticModel(seed: 50, rows: 2000, layers: 0)
        try await workspace.succeed(
            "base", "add", model.write("base", in: workspace.directory), "--name", "tiny")
        let packs = workspace.deltaic.registry + "/packs"
        return (workspace, packs + "/" + (try #require(FolderContents.files(in: packs).first)))
    }

    /// Changes one bit of a file.
    private func flip(_ pack: String, at position: Int, bit: UInt8) throws {
        var bytes = try FolderContents.bytes(of: pack)
        bytes[position] ^= 1 << bit
        try Data(bytes).write(to: URL(filePath: pack))
    }

    /// A place between a quarter and three quarters of a file: inside the tensor's payload.
    private func place(seed: UInt64, in pack: String) throws -> (position: Int, bit: UInt8) {
        var generator = SeededGenerator(seed: seed)
        let size = try FolderContents.bytes(of: pack).count
        return (Int.random(in: size / 4..<size * 3 / 4, using: &generator), UInt8(generator.next() % 8))
    }

    @Test("a pack whose end is lost is still read by inspect --scan")
    func scan() async throws {
        let (workspace, pack) = try await workspace()
        let whole = try await workspace.json("inspect", pack)
        let bytes = try FolderContents.bytes(of: pack)
        try Data(bytes.dropLast(50)).write(to: URL(filePath: pack))
        #expect(try await workspace.deltaic("inspect", pack).status == 5)
        let scanned = try await workspace.json("inspect", pack, "--scan")
        #expect(scanned["objects"] == whole["objects"])
        #expect(scanned["version"].string == "tiny@v1")
        #expect(scanned["id"].string == nil)
    }

    @Test(
        "a flipped bit in a payload makes pull fail naming model, file, tensor and chunk, and leaves no file",
        arguments: 1...6)
    func flippedBit(seed: UInt64) async throws {
        let (workspace, pack) = try await workspace()
        let place = try place(seed: seed, in: pack)
        try flip(pack, at: place.position, bit: place.bit)
        let outcome = try await workspace.deltaic("pull", "tiny", "--output", workspace.directory.path("out"))
        #expect(outcome.status == 5, "\(place): \(outcome.errors)")
        for words in ["tiny@v1", "model.safetensors", "tensor embeddings.weight", "chunk 0"] {
            #expect(outcome.errors.contains(words), "\(place): \(outcome.errors)")
        }
        #expect(outcome.output.isEmpty)
        #expect(FolderContents.files(in: workspace.directory.path("out")) == ["config.json"])
    }

    @Test("a file that is there already is not replaced by a pull that fails")
    func keepsOldFile() async throws {
        let (workspace, pack) = try await workspace()
        let place = try place(seed: 9, in: pack)
        try flip(pack, at: place.position, bit: place.bit)
        try workspace.directory.write("out/model.safetensors", [1, 2, 3])
        _ = try await workspace.deltaic("pull", "tiny", "--output", workspace.directory.path("out"))
        #expect(try FolderContents.bytes(of: workspace.directory.path("out/model.safetensors")) == [1, 2, 3])
    }

    @Test(
        "verify reports a flipped bit and exits 5", arguments: [["verify", "--data"], ["verify", "tiny", "--data"]])
    func verify(command: [String]) async throws {
        let (workspace, pack) = try await workspace()
        let place = try place(seed: 10, in: pack)
        try flip(pack, at: place.position, bit: place.bit)
        let outcome = try await workspace.deltaic.run(command + ["--json"])
        #expect(outcome.status == 5)
        #expect(try outcome.json()["problems"].array.count == 1)
    }

    @Test("verify notices a flipped bit anywhere in a pack", arguments: 100...115)
    func flippedAnywhere(seed: UInt64) async throws {
        let workspace = try await Workspace()
        try await workspace.succeed(
            "base", "add", SyntheticModel(seed: 1, rows: 4, width: 4).write("base", in: workspace.directory), "--name",
            "tiny")
        let packs = workspace.deltaic.registry + "/packs"
        let pack = packs + "/" + (try #require(FolderContents.files(in: packs).first))
        var generator = SeededGenerator(seed: seed)
        let position = Int.random(in: 0..<(try FolderContents.bytes(of: pack).count), using: &generator)
        try flip(pack, at: position, bit: UInt8(generator.next() % 8))
        let outcome = try await workspace.deltaic("verify", "--data")
        #expect(outcome.status == 5, "byte \(position): \(outcome.output)")
    }

    @Test("a quick verify reports a pack that is cut, or gone", arguments: [true, false])
    func cutPack(isGone: Bool) async throws {
        let (workspace, pack) = try await workspace()
        if isGone {
            try FileManager.default.removeItem(atPath: pack)
        } else {
            try Data(FolderContents.bytes(of: pack).dropLast(100)).write(to: URL(filePath: pack))
        }
        let outcome = try await workspace.deltaic("verify")
        #expect(outcome.status == 5)
        #expect(outcome.output.contains("problem: "))
    }

    @Test("a missing pack makes pull fail as damage")
    func missingPack() async throws {
        let (workspace, pack) = try await workspace()
        try FileManager.default.removeItem(atPath: pack)
        let outcome = try await workspace.deltaic("pull", "tiny", "--output", workspace.directory.path("out"))
        #expect(outcome.status == 5, "\(outcome.errors)")
        #expect(outcome.errors.contains("missing"))
    }

    @Test("leftovers of an interrupted command are strays, not problems")
    func strays() async throws {
        let (workspace, _) = try await workspace()
        try Data([1]).write(to: URL(filePath: workspace.deltaic.registry + "/packs/new.1-2.part"))
        let outcome = try await workspace.deltaic("verify", "--json")
        #expect(outcome.status == 0)
        #expect(try outcome.json()["strays"].array.count == 1)
    }

    @Test("a catalog that is no database is damage")
    func damagedCatalog() async throws {
        let (workspace, _) = try await workspace()
        let catalog = workspace.deltaic.registry + "/catalog.sqlite"
        try Data("no database, but some text".utf8).write(to: URL(filePath: catalog))
        #expect(try await workspace.deltaic("list").status == 5)
    }
}
