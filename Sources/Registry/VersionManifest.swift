internal import DeltaicCore
internal import Foundation

/// What a pack says about the version that wrote it.
///
/// - SeeAlso: `Schema/pack/version-manifest.md`.
struct VersionManifest: Codable, Sendable {
    static let version = 1

    struct Base: Codable, Sendable {
        var model: String
        var number: Int
        var commit: GitObjectID
    }

    struct File: Codable, Sendable, Equatable {
        var path: String
        var size: Int
        var sha256: Digest
        var blob: GitObjectID
        var lfs: Bool
        var content: Digest
        var tensors: [Tensor]?
    }

    /// Written as an array, which is a third shorter than an object with keys.
    struct Tensor: Codable, Sendable, Equatable {
        var name: String
        var type: ElementType
        var shape: TensorShape
        var sha256: Digest

        init(name: String, type: ElementType, shape: TensorShape, sha256: Digest) {
            self.name = name
            self.type = type
            self.shape = shape
            self.sha256 = sha256
        }

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            name = try fields.decode(String.self)
            type = try fields.decode(ElementType.self)
            shape = try fields.decode(TensorShape.self)
            sha256 = try fields.decode(Digest.self)
        }

        func encode(to encoder: any Encoder) throws {
            var fields = encoder.unkeyedContainer()
            try fields.encode(name)
            try fields.encode(type)
            try fields.encode(shape)
            try fields.encode(sha256)
        }
    }

    var manifest = Self.version
    var model: String
    var isBase: Bool
    var number: Int
    var base: Base?
    var task: String?
    var message: String?
    var metadata: [String: String]
    var tags: [String]
    var commit: GitObjectID
    var tree: GitObjectID
    var parent: GitObjectID?
    var createdAt: Int
    var files: [File]

    /// JSON with sorted keys, so that equal manifests are equal bytes.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
