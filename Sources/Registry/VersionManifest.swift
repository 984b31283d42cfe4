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
        /// Of the file as it was registered, where a lossy codec gives back another one.
        var original: Digest?
        /// By the position of the tensor, of those that a lossy codec was used for.
        var losses: [Loss]?
    }

    /// Written as an array: position, codec, elements, changed, sameSign, |D|^2, |D_hat|^2, <D_hat, D>, |W|^2, |W_hat - W|^2.
    struct Loss: Codable, Sendable, Equatable {
        var position: Int
        var codec: String
        var counts: [Int]
        var sums: [Double]

        init(position: Int, codec: String, counts: [Int], sums: [Double]) {
            self.position = position
            self.codec = codec
            self.counts = counts
            self.sums = sums
        }

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            position = try fields.decode(Int.self)
            codec = try fields.decode(String.self)
            counts = []
            for _ in 0..<3 { counts.append(try fields.decode(Int.self)) }
            sums = []
            for _ in 0..<5 { sums.append(try fields.decode(Double.self)) }
        }

        func encode(to encoder: any Encoder) throws {
            var fields = encoder.unkeyedContainer()
            try fields.encode(position)
            try fields.encode(codec)
            for count in counts { try fields.encode(count) }
            for sum in sums { try fields.encode(sum) }
        }
    }

    /// How the version was compressed.
    struct Compression: Codable, Sendable, Equatable {
        var codec: String
        var recipe: Recipe
        var goal: String
        var seed: UInt64
        /// UltraDelta's factor, and the trace norm of the task that it follows from by mode, where a recipe asks for it.
        var gamma: Double?
        var traceNorm: [String: Double]?
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
    /// Nil unless it was registered with lossy codecs.
    var compression: Compression?
    /// The branch that it was made on; nil for `main`.
    var branch: String?
    /// How often the pack was written anew since the version was made; nil for never. Of two packs with the same commit, the one
    /// with the higher number counts.
    var rewrite: Int?

    /// JSON with sorted keys, so that equal manifests are equal bytes.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
