import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

/// A registry with a base, fine-tunes in two namespaces, and tokens.
struct ServedModels: Sendable {
    let directory: TemporaryDirectory
    let registry: ModelRegistry
    /// Scope read, for everything.
    let reader: String
    let tuned: SyntheticModel
    /// The file `model.safetensors` of `Acme/tuned`.
    let file: [UInt8]

    init() async throws {
        directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("registry"))
        registry = try ModelRegistry(path: directory.path("registry"), options: .init(threads: 2))
        reader = try registry.addToken(name: "reader", scope: .read).secret
        let base = SyntheticModel(seed: 1)
        _ = try await registry.addBase(
            try base.write("base", in: directory), as: Registration(name: ModelName("tiny")))
        tuned = base.tuned(seed: 2)
        file = tuned.builder.bytes()
        let folder = try tuned.write("tuned", in: directory)
        try directory.write("tuned/empty.txt", [])
        try directory.write("tuned/sub/dir/notes é+%.md", "# notes\n".utf8)
        try directory.write("tuned/sub.json", "{}".utf8)
        try directory.write("tuned/sub/a.json", "[1]".utf8)
        try await register(folder, "Acme/tuned")
        try await register(try base.tuned(seed: 3).write("secret", in: directory), "other/secret")
        _ = try await registry.tag(VersionReference("Acme/tuned"), as: "prod")
    }

    func register(_ folder: String, _ name: String) async throws {
        _ = try await registry.register(
            folder, as: Registration(name: ModelName(name), base: try VersionReference("tiny")))
    }

    /// Adds a base of one file of 16 MiB in eight chunks, and returns the file.
    func addLarge() async throws -> [UInt8] {
        var random = SeededGenerator(seed: 4)
        var builder = SafetensorsBuilder()
        builder.add(
            "embeddings.weight", .bfloat16, [8192, 1024], RandomTensor.weights(.bfloat16, 8 << 20, using: &random))
        let bytes = builder.bytes()
        try directory.write("large/model.safetensors", bytes)
        _ = try await registry.addBase(directory.path("large"), as: Registration(name: ModelName("large")))
        return bytes
    }

    func token(_ scope: TokenScope, namespace: String? = nil) throws -> String {
        try registry.addToken(name: UUID().uuidString, scope: scope, namespace: namespace).secret
    }

    /// The path of the pack of a model's newest version.
    func pack(of name: String) throws -> String {
        let digest = try #require(try registry.describe(VersionReference(name)).pack)
        let root = registry.path + "/packs"
        let found = FolderContents.files(in: root).first { $0.contains(digest.hex) }
        return root + "/" + (try #require(found))
    }
}
