import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

/// Two registries, and what moves from the first to the second.
struct TransferPair {
    let source: TestRegistry
    let target: TestRegistry

    init() throws {
        source = try TestRegistry()
        target = try TestRegistry()
    }

    /// A base and a fine-tune of it, with tensors that both have.
    static func models(seed: UInt64 = 1) -> (base: [TestTensor], tuned: [TestTensor]) {
        var random = SeededGenerator(seed: seed)
        let base = [
            TestTensor("a.weight", .bfloat16, [64, 64], using: &random),
            TestTensor("b.weight", .float32, [32, 64], using: &random),
            TestTensor("large.weight", .bfloat16, [1200, 1024], using: &random),
            TestTensor("same.weight", .bfloat16, [64, 32], using: &random),
        ]
        var tuned = base.map { $0.name == "same.weight" ? $0 : $0.tuned(using: &random) }
        tuned.append(TestTensor("new.weight", .bfloat16, [16, 64], using: &random))
        return (base, tuned)
    }

    /// Registers base and fine-tune in the source, and returns their folders.
    @discardableResult
    func addModels(lossy: LossyRequest? = nil) async throws -> (base: String, tuned: String) {
        let models = Self.models()
        let base = try source.folder("base", models.base)
        let tuned = try source.folder("tuned", models.tuned, config: #"{"tuned": true}"#)
        try await source.addBase(base)
        _ = try await source.registry.register(
            tuned,
            as: Registration(
                name: try ModelName("acme/tuned"), base: try VersionReference("base"), task: "math", tags: ["prod"],
                message: "first", metadata: ["seed": "1"], lossy: lossy))
        return (base, tuned)
    }

    /// The pack that the target needs of a version.
    func pack(of reference: String) async throws -> TransferPack {
        let reference = try VersionReference(reference)
        let closure = try source.registry.closure(of: reference)
        let lacking = Set(try target.registry.lacking(closure.objects.map(\.sha256)))
        return try await source.registry.transferPack(of: reference, objects: closure.needed(lacking: lacking))
    }

    func bytes(of pack: TransferPack) throws -> [UInt8] {
        let file = try source.registry.openTransferPack(pack.id)
        return try file.read(0..<file.size)
    }

    /// Hands bytes to the target as a pack with an id.
    func receive(_ bytes: [UInt8], as id: Digest, baseTree: GitObjectID? = nil) async throws -> ImportResult {
        let incoming = try target.registry.incomingPack(id)
        try incoming.append(Array(bytes.dropFirst(incoming.received)))
        return try await target.registry.importVersion(from: incoming, baseTree: baseTree)
    }

    @discardableResult
    func send(_ reference: String) async throws -> (pack: TransferPack, result: ImportResult) {
        let pack = try await pack(of: reference)
        let tree = try source.registry.closure(of: VersionReference(reference)).version.base?.tree
        return (pack, try await receive(try bytes(of: pack), as: pack.id, baseTree: tree))
    }

    /// Whether both give the same version and the same bytes.
    func isSame(_ reference: String) async throws -> Bool {
        var folders: [String] = []
        for side in [source, target] {
            let output = side.directory.path("pulled-\(UUID().uuidString)")
            _ = try await side.registry.pull(VersionReference(reference), to: output)
            folders.append(output)
        }
        let versions = try [source, target].map { try $0.registry.describe(VersionReference(reference)) }
        let isSameVersion =
            versions[0].version.commit == versions[1].version.commit
            && versions[0].version.number == versions[1].version.number && versions[0].tree == versions[1].tree
            && versions[0].compression == versions[1].compression
            && versions[0].tensors.map(\.quality?.relativeError) == versions[1].tensors.map(\.quality?.relativeError)
        return try isSameVersion && source.contents(of: folders[0]) == target.contents(of: folders[1])
    }

    /// Whether nothing of a model can be seen in the target, and no pack lies about.
    func targetLacks(_ name: String, packs: Int) async throws -> Bool {
        let report = try await target.registry.check(isQuick: false)
        let history = try target.registry.transferHistory(of: ModelName(name))
        return try history.versions.isEmpty && target.packs().count == packs && report.problems.isEmpty
    }
}
