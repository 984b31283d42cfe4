import DeltaicCore
import Foundation
import PackFormat
import TestSupport

@testable import Catalog
@testable import Registry

/// Where one scenario is played: models, a registry to begin with, and a copy of it for each case.
final class Stage: Sendable {
    let directory: TemporaryDirectory

    /// Writes the models: `base`, its fine-tunes `tuned` and `tuned2`, `other`, and `part` of that.
    init() throws {
        directory = try TemporaryDirectory(inMemory: true)
        // As small as a linear layer may be that a lossy codec still takes.
        let base = SyntheticModel(seed: 1, rows: 4, width: 92, layers: 1)
        try base.write("models/base", in: directory)
        try base.tuned(seed: 2).write("models/tuned", in: directory)
        try base.tuned(seed: 3).write("models/tuned2", in: directory)
        var other = SyntheticModel(seed: 4, rows: 4, width: 92, layers: 1)
        try other.write("models/other", in: directory)
        // Without the tensor that is nearly all of it.
        other.tensors.removeAll { $0.name.hasSuffix("dense.weight") }
        try other.write("models/part", in: directory)
        try FileManager.default.createDirectory(atPath: template, withIntermediateDirectories: true)
    }

    func model(_ name: String) -> String { directory.path("models/\(name)") }

    /// The folder that is copied for each case.
    var template: String { directory.path("template") }
    var registryPath: String { template + "/registry" }

    /// Where the registry is copied to before it is damaged.
    private var backupPath: String { template + "/backup" }
    /// Whether the registry is damaged before anything goes wrong.
    var isDamaged: Bool { FileManager.default.fileExists(atPath: backupPath) }

    /// A registry in the template.
    func makeRegistry() throws {
        try ModelRegistry.create(at: registryPath)
    }

    func open() throws -> ModelRegistry {
        try ModelRegistry(path: registryPath, options: .init(threads: 2))
    }

    /// A registry with the base and one fine-tune of it, two versions, the first tagged.
    func makeModels() async throws {
        try makeRegistry()
        let registry = try open()
        _ = try await registry.addBase(model("base"), as: Registration(name: ModelName("base")))
        for (folder, tags) in [("tuned", ["prod"]), ("tuned2", [])] {
            _ = try await registry.register(
                model(folder),
                as: Registration(name: ModelName("org/m"), base: VersionReference("base"), task: "math", tags: tags))
        }
    }

    /// Flips a bit in the pack of a version; before, the registry is copied to `backup`.
    func damage(_ version: String) throws {
        let registry = try open()
        guard let pack = try registry.catalog.pack(of: registry.catalog.version(VersionReference(version)).id)?.id
        else {
            throw Broken(problems: ["\(version) has no pack"])
        }
        try FileManager.default.copyItem(atPath: registryPath, toPath: backupPath)
        let path = registryPath + "/packs/\(pack.hex.prefix(2))/\(pack.hex).pack"
        var bytes = try FolderContents.bytes(of: path)
        let reader = try PackReader(path: path)
        guard let chunk = reader.objects.flatMap(\.chunks).max(by: { $0.payloadLength < $1.payloadLength }) else {
            throw Broken(problems: ["\(version) has an empty pack"])
        }
        bytes[chunk.offset + chunk.headerLength + chunk.payloadLength / 2] ^= 1
        try FileManager.default.removeItem(atPath: path)
        try Data(bytes).write(to: URL(filePath: path))
    }

    /// Pushes a model as a client would, without compressing it.
    func push(_ folder: String, as name: String) async throws {
        let registry = try open()
        let model = try ModelName(name)
        _ = try await registry.createModel(model)
        let weights = try FolderContents.bytes(of: self.model(folder) + "/model.safetensors")
        let digest = try Digest.sha256(weights)
        let writer = try registry.uploads.receive(digest, size: weights.count, for: model)
        try writer.append(weights)
        try writer.finish()
        let spool = try registry.spoolFolder()
        defer { withExtendedLifetime(spool) {} }
        let card = Array("---\nbase_model: base\n---\n".utf8)
        let path = spool.path + "/card"
        try Data(card).write(to: URL(filePath: path))
        _ = try await registry.commit(
            Push(
                model: model, branch: nil, expectedParent: nil, message: "push",
                operations: [
                    .add(path: "README.md", content: SpooledContent(path: path, size: card.count)),
                    .addLarge(path: "model.safetensors", sha256: digest, size: weights.count),
                ]))
    }

    /// A copy of the template.
    func newCase() throws -> FaultCase {
        let name = "case-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: template, toPath: directory.path(name))
        return FaultCase(stage: self, name: name)
    }
}
