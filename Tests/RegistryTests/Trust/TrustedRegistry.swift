import Catalog
import DeltaicCore
import Foundation
import TestSupport

@testable import Registry

/// A registry with something of everything, and what it must give back.
struct TrustedRegistry {
    let test: TestRegistry
    let model: SyntheticModel
    /// A private key, P-256.
    let key: SigningKey

    static let keyText = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIN1aODMozD4Dtz6vLsLoC8LN/cHuTiRCeVLGlGs/yrhxoAoGCCqGSM49
        AwEHoUQDQgAE4mA1s0ZBMLORKyQIU8TwRNYl0qJrcjMeMlwbOdgDG4iAF6Bj2Ume
        LNsr19vrrZmhi+hO5pR7Ee+0KQK5kIm3kw==
        -----END EC PRIVATE KEY-----
        """

    init(seed: UInt64 = 700) async throws {
        test = try TestRegistry()
        model = SyntheticModel(seed: seed, rows: 40, width: 32, layers: 1)
        key = try SigningKey(pem: Array(Self.keyText.utf8))
        let registry = test.registry
        func folder(_ name: String, _ weights: SyntheticModel) throws -> String {
            try test.directory.write("\(name)/model.safetensors", weights.builder.bytes())
            try test.directory.write("\(name)/config.json", "{\"name\": \"\(name)\"}".utf8)
            return test.directory.path(name)
        }
        try await test.addBase(try folder("base", model))
        try await registry.addTask("retrieval", description: "finding passages")
        for number in 1...3 {
            _ = try await registry.register(
                try folder("one\(number)", model.tuned(seed: seed + UInt64(number))),
                as: Registration(
                    name: ModelName("org/one"), base: VersionReference("base"), task: "retrieval",
                    tags: number == 1 ? ["first"] : [], message: "step \(number)", metadata: ["step": "\(number)"]))
        }
        _ = try await registry.tag(VersionReference("org/one@v2"), as: "prod")
        _ = try await registry.tag(VersionReference("org/one@v1"), as: "gone")
        try await registry.untag(ModelName("org/one"), "gone")
        _ = try await registry.remove(VersionReference("org/one@v3"))
        _ = try await registry.register(
            try folder("lossy", model.tuned(seed: seed + 10, by: 0.01)),
            as: Registration(
                name: ModelName("org/lossy"), base: VersionReference("base"), tags: ["small"],
                lossy: LossyRequest(
                    recipe: try Recipe(
                        codec: "seeded-sign", settings: CodecSettings(), embeddings: .exact, head: .exact),
                    goal: .bits(0.5))))
        // A copy under another name shares all objects.
        _ = try await registry.register(
            test.directory.path("one1"), as: Registration(name: ModelName("copy"), base: VersionReference("base")))
        try await registry.rename(ModelName("copy"), to: ModelName("org/renamed"))
        let compressed = try await PushedModel(test, "pushed/done")
        try await compressed.push(large: ["model.safetensors": model.tuned(seed: seed + 20).builder.bytes()])
        try await compressed.compress()
        let pending = try await PushedModel(test, "pushed/waits")
        try await pending.push(large: ["model.safetensors": model.tuned(seed: seed + 21).builder.bytes()])
        try await registry.createBranch("side", at: VersionReference("pushed/done"))
        _ = try await registry.sign(VersionReference("org/one@v2"), with: key)
        _ = try registry.addToken(name: "ci", scope: .write, namespace: "org")
        try registry.catalog.addEvaluation(
            EvaluationRecord(command: "score", score: 0.5, createdAt: 5),
            to: try registry.catalog.version(VersionReference("org/one@v1")).id)
    }

    /// All that users can see, with the SHA-256 of every file as it is pulled.
    func sight(_ registry: ModelRegistry? = nil) async throws -> [String: String] {
        let registry = registry ?? test.registry
        var seen: [String: String] = [:]
        for version in try registry.catalog.allVersions() {
            let details = try registry.describe(VersionReference(version.reference))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            seen[version.reference] = String(decoding: try encoder.encode(details.version), as: UTF8.self)
            seen["\(version.reference) evaluations"] = details.evaluations.map { "\($0)" }.joined()
            seen["\(version.reference) signatures"] = try registry.catalog.signatures(of: version.id).map(\.bundle)
                .joined()
            let output = test.directory.path("sight-\(UUID().uuidString)")
            let pulled = try await registry.pull(VersionReference(version.reference), to: output)
            for file in pulled.files {
                let bytes = try FolderContents.bytes(of: output + "/" + file.path)
                seen["\(version.reference) \(file.path)"] = try Digest.sha256(bytes).hex
            }
            try FileManager.default.removeItem(atPath: output)
        }
        for task in try registry.tasks() { seen["task \(task.name)"] = task.description ?? "-" }
        for token in try registry.tokens() { seen["token \(token.name)"] = "\(token)" }
        for pending in try registry.pendingVersions() { seen["pending \(pending.version)"] = "yes" }
        for name in ["org/one", "pushed/done"] {
            let history = try registry.catalog.history(of: ModelName(name))
            seen["\(name) branches"] = try history.branches.map {
                "\($0.name) \(try registry.catalog.version(id: $0.version)?.commit.hex ?? "-")"
            }.joined(separator: ",")
            seen["\(name) next"] = "\(try registry.catalog.nextNumber(of: ModelName(name)))"
        }
        return seen
    }
}
