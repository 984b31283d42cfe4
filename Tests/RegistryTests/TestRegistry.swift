import DeltaicCore
import Foundation
import Registry
import TestSupport

@testable import Catalog

/// A registry in a temporary folder, with what tests do to it.
struct TestRegistry {
    let directory: TemporaryDirectory
    let registry: ModelRegistry

    init(threads: Int = 2, progress: any ProgressReport = SilentProgress()) throws {
        directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("registry"))
        registry = try ModelRegistry(
            path: directory.path("registry"), options: .init(threads: threads, progress: progress))
    }

    /// Another value on the same folder, as another process would have.
    func reopened() throws -> ModelRegistry {
        try ModelRegistry(path: registry.path)
    }

    /// Changes rows behind the registry's back.
    func damageCatalog(_ sql: String) throws {
        try CatalogDatabase.open(path: registry.path + "/catalog.sqlite").write { try $0.run(sql) }
    }

    /// Writes a folder with one safetensors file and a config, and returns its path.
    func folder(_ name: String, _ tensors: [TestTensor], config: String = "{}") throws -> String {
        var builder = SafetensorsBuilder()
        for tensor in tensors { builder.add(tensor.name, tensor.type, tensor.shape, tensor.bytes) }
        try directory.write("\(name)/model.safetensors", builder.bytes())
        try directory.write("\(name)/config.json", config.utf8)
        return directory.path(name)
    }

    @discardableResult
    func addBase(_ path: String, _ name: String = "base") async throws -> RegistrationResult {
        try await registry.addBase(path, as: Registration(name: ModelName(name)))
    }

    @discardableResult
    func register(_ path: String, _ name: String, base: String? = "base") async throws -> RegistrationResult {
        let base = try base.map { try VersionReference($0) }
        return try await registry.register(path, as: Registration(name: ModelName(name), base: base))
    }

    /// Whether a pulled version is the folder that was registered: the same files with the same bytes.
    func pulls(_ reference: String, equalTo folder: String) async throws -> Bool {
        let output = directory.path("pulled-\(UUID().uuidString)")
        _ = try await registry.pull(VersionReference(reference), to: output)
        return try contents(of: output) == contents(of: folder)
    }

    /// The files below a folder, by relative path.
    func contents(of folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            if let data = FileManager.default.contents(atPath: folder + "/" + path) { files[path] = data }
        }
        return files
    }

    /// The paths of the packs on disk with their sizes.
    func packs() throws -> [String: Int] {
        let root = registry.path + "/packs"
        var packs: [String: Int] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
            let attributes = try FileManager.default.attributesOfItem(atPath: root + "/" + path)
            guard attributes[.type] as? FileAttributeType == .typeRegular, path.hasSuffix(".pack") else { continue }
            packs[root + "/" + path] = (attributes[.size] as? NSNumber)?.intValue ?? 0
        }
        return packs
    }
}

/// A tensor of a test's model.
struct TestTensor {
    var name: String
    var type: ElementType
    var shape: [Int]
    var bytes: [UInt8]

    /// Normal weights.
    init(_ name: String, _ type: ElementType = .bfloat16, _ shape: [Int], using random: inout SeededGenerator) {
        self.name = name
        self.type = type
        self.shape = shape
        bytes = RandomTensor.weights(type, shape.reduce(1, *), using: &random)
    }

    init(_ name: String, _ type: ElementType, _ shape: [Int], bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }

    func tuned(by deviation: Double = 2e-4, using random: inout SeededGenerator) -> TestTensor {
        var copy = self
        copy.bytes = RandomTensor.tuned(bytes, type, by: deviation, using: &random)
        return copy
    }
}
