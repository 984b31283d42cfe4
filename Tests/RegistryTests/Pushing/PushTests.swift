import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite("Pushes")
struct PushTests {
    @Test("a push is a version that is readable at once, and the same bytes, commit and number after it was compressed")
    func readableAtOnce() async throws {
        let test = try TestRegistry()
        let model = try await PushedModel(test, "acme/m")
        let weights = SyntheticModel.pushed(seed: 1).builder.bytes()
        let version = try await model.push(["config.json": "{}", "empty": ""], large: ["model.safetensors": weights])
        #expect(version.number == 1)
        #expect(try test.registry.pendingVersions().map(\.version) == ["acme/m@v1"])
        #expect(try await model.holdsItsFiles())
        let (streamed, _) = try test.registry.file("model.safetensors", of: VersionReference("acme/m"))
        #expect(streamed.commit == version.commit)
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
        let exchanged = #expect(throws: DeltaicError.self) { try test.registry.closure(of: VersionReference("acme/m")) }
        #expect(exchanged?.code.word == "stillPending")

        try await model.compress()
        #expect(try test.registry.closure(of: VersionReference("acme/m")).objects.count == 11)
        #expect(try test.registry.pendingVersions().isEmpty)
        let after = try model.version()
        #expect(after.commit == version.commit && after.number == 1 && after.tensorCount == 7)
        #expect(after.isBase)
        #expect(after.storedBytes < weights.count * 95 / 100)
        #expect(try await model.holdsItsFiles())
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
        #expect(try test.packs().count == 1)
        #expect(try test.registry.savings().storedBytes == test.packs().values.reduce(0, +))
        let commit = try await test.registry.gitObject(version.commit, of: model.name)
        #expect(commit?.object.id == version.commit)
    }

    @Test("what a push lacks is refused, and nothing is changed")
    func refusals() async throws {
        let test = try TestRegistry()
        let model = try await PushedModel(test, "acme/m")
        let other = try await PushedModel(test, "acme/other")
        let weights = SyntheticModel(seed: 2).builder.bytes()
        let first = try await model.push(["a": "1"])
        try await other.push(large: ["secret.safetensors": weights])
        let before = try test.packs()
        func refusal(
            _ operations: [Push.Operation], parent: String? = nil, branch: String? = nil,
            mayRead: @escaping @Sendable (ModelName) -> Bool = { _ in false }
        ) async -> String? {
            let push = Push(
                model: model.name, branch: branch, expectedParent: parent, message: "x", operations: operations)
            let error = await #expect(throws: DeltaicError.self) {
                try await test.registry.commit(push, mayRead: mayRead)
            }
            return error?.code.word
        }
        let digest = try Digest.sha256(weights)
        let large = Push.Operation.addLarge(path: "m.safetensors", sha256: digest, size: weights.count)
        #expect(await refusal([large]) == "uploadMissing")
        #expect(
            await refusal([.addLarge(path: "m", sha256: digest, size: 7)], mayRead: { _ in true }) == "uploadMismatch")
        #expect(await refusal([.deleteFile(path: "none")]) == "unknownContent")
        #expect(await refusal([.deleteFolder(path: "none/")]) == "unknownContent")
        #expect(await refusal([.deleteFile(path: "a")], parent: "0123456") == "staleParent")
        #expect(await refusal([.deleteFile(path: "a")], branch: "none") == "unknownBranch")
        for path in ["../a", "/a", "a//b", ".git/config", "a/../../b", "A", "a/b", ""] {
            let word = await refusal([.addLarge(path: path, sha256: digest, size: nil)], mayRead: { _ in true })
            #expect(["unsafePath", "collidingPaths"].contains(word), "\(path): \(word ?? "taken")")
        }
        #expect(try model.version().commit == first.commit)
        #expect(try test.packs() == before)
        // Whoever may read the other model may name its file.
        let taken = try await test.registry.commit(
            Push(model: model.name, branch: nil, expectedParent: nil, message: "x", operations: [large]))
        #expect(taken.isNew)
        #expect(try await model.holds(["a": Array("1".utf8), "m.safetensors": weights]))
    }

    @Test("bytes that are not the announced ones are refused, and nothing of them is kept")
    func wrongBytes() async throws {
        let test = try TestRegistry()
        let name = try ModelName("acme/m")
        let bytes = [UInt8](repeating: 7, count: 3 << 20)
        let digest = try Digest.sha256(bytes)
        func upload(_ sent: [UInt8], size: Int) throws {
            let writer = try test.registry.uploads.receive(digest, size: size, for: name)
            try writer.append(sent)
            try writer.finish()
        }
        #expect(throws: DeltaicError.self) { try upload(bytes.dropLast(), size: bytes.count) }
        #expect(throws: DeltaicError.self) { try upload(bytes + [7], size: bytes.count) }
        #expect(throws: DeltaicError.self) { try upload(bytes.dropLast() + [8], size: bytes.count) }
        #expect(throws: DeltaicError.self) { try upload(bytes, size: bytes.count + 1) }
        #expect(FolderContents.files(in: test.registry.path + "/uploads/ready").isEmpty)
        #expect(test.registry.uploads.size(of: digest, for: name) == nil)
        try upload(bytes, size: bytes.count)
        #expect(test.registry.uploads.size(of: digest, for: name) == bytes.count)
        #expect(test.registry.uploads.size(of: digest, for: try ModelName("acme/m2")) == nil)
        test.registry.uploads.sweep(now: Date().addingTimeInterval(UploadStore.patience - 60))
        #expect(test.registry.uploads.size(of: digest, for: name) == bytes.count)
        test.registry.uploads.sweep(now: Date().addingTimeInterval(UploadStore.patience + 60))
        #expect(test.registry.uploads.size(of: digest, for: name) == nil)
    }

    @Test("a model that was just made has one commit, which its first push takes the place of")
    func firstPush() async throws {
        let test = try TestRegistry()
        let model = try await PushedModel(test, "acme/m")
        let made = try model.version()
        #expect(made.number == 1 && made.fileCount == 1)
        await #expect(throws: DeltaicError.self) { try await test.registry.createModel(model.name) }
        await #expect(throws: DeltaicError.self) { try await test.registry.createModel(ModelName("ACME/M")) }
        let first = try await model.push(["a": "1"])
        #expect(first.number == 1 && first.fileCount == 2)
        #expect(try test.registry.log(of: model.name).count == 1)
        let second = try await model.push(["a": "2"])
        #expect(second.number == 2)
        #expect(try test.registry.history(of: VersionReference("acme/m")).map(\.number) == [2, 1])
        // The same files again are the same version.
        #expect(try await model.push(["a": "2"]).commit == second.commit)
        // What a tag names stays.
        let other = try await PushedModel(test, "acme/other")
        try await test.registry.createTag("v7", at: VersionReference("acme/other"))
        #expect(try await other.push(["a": "1"]).number == 2)
        #expect(try await other.holds([:], at: ":v7"))
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
    }

    @Test("commits on a branch leave main alone, and go with the branch unless something names them")
    func branches() async throws {
        let test = try TestRegistry()
        let model = try await PushedModel(test, "acme/m")
        let first = try await model.push(["a": "1"])
        try await test.registry.createBranch("feature/x", at: VersionReference("acme/m"))
        await #expect(throws: DeltaicError.self) {
            try await test.registry.createBranch("feature/x", at: VersionReference("acme/m"))
        }
        for name in ["main", "a b", "x.lock", "../x", ""] {
            await #expect(throws: DeltaicError.self, "\(name)") {
                try await test.registry.createBranch(name, at: VersionReference("acme/m"))
            }
        }
        let onBranch = try await model.push(["b": "2"], branch: "feature/x")
        #expect(onBranch.number == 2)
        #expect(try model.version().commit == first.commit)
        let branch = VersionReference(model: model.name, selector: .revision("feature/x"))
        #expect(try test.registry.describe(branch).version.commit == onBranch.commit)
        // The same change in the same second on main is a commit of its own.
        try await model.push(["b": "2"])
        #expect(try await model.holds(["a": [49], "b": [50]]))
        let references = try test.registry.gitReferences(of: model.name)
        #expect(references.branches.map(\.name) == ["feature/x", "main"])
        try await model.push(["b": "3"], branch: "feature/x")
        try await test.registry.createTag("kept", at: VersionReference("acme/m@v2"))
        try await test.registry.removeBranch("feature/x", of: model.name)
        #expect(try test.registry.log(of: model.name).map(\.number) == [3, 2, 1])
        #expect(throws: DeltaicError.self) { try test.registry.describe(branch) }
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
        #expect(try test.registry.savings().storedBytes == test.packs().values.reduce(0, +))
    }

    @Test("a renamed model and the fine-tunes of a renamed base keep their bytes, numbers and commit ids")
    func renamed() async throws {
        let test = try TestRegistry()
        let base = try await PushedModel(test, "acme/base")
        let weights = SyntheticModel.pushed(seed: 3)
        let version = try await base.push(large: ["model.safetensors": weights.builder.bytes()])
        let tune = try await PushedModel(test, "acme/tune")
        let tuned = weights.tuned(seed: 4).builder.bytes()
        try await tune.push(large: ["model.safetensors": tuned])
        try await base.compress()
        #expect(try tune.version().base == "acme/base@v1")
        try await test.registry.rename(base.name, to: ModelName("other/renamed"))
        await #expect(throws: DeltaicError.self) {
            try await test.registry.rename(tune.name, to: ModelName("Other/Renamed"))
        }
        let renamed = try test.registry.describe(VersionReference("other/renamed")).version
        #expect(renamed.commit == version.commit && renamed.number == 1)
        #expect(try tune.version().base == "other/renamed@v1")
        #expect(try await tune.holdsItsFiles())
        #expect(try await test.registry.gitObject(version.commit, of: ModelName("other/renamed")) != nil)
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
        try await test.registry.rename(ModelName("other/renamed"), to: base.name)
        #expect(try await base.holdsItsFiles())
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
    }
}
