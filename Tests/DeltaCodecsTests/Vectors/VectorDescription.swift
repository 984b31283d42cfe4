internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat

/// The JSON beside a pack of `Schema/vectors/accept`.
struct VectorDescription: Codable, Equatable {
    struct Object: Codable, Equatable {
        /// Of the raw bytes.
        let sha256: Digest
        /// Absent for bytes that are no tensor.
        let dtype: ElementType?
        let elements: Int
        let base: Digest?
        /// The codec of each chunk.
        let chunks: [String]
    }

    /// What the pack is there for.
    let shows: String
    /// The pack's id.
    let id: Digest
    /// SHA-256 of the manifest's JSON, absent without one.
    let manifest: Digest?
    let objects: [Object]

    /// What a pack that was read holds.
    init(shows: String, _ reader: VectorReader) throws {
        self.shows = shows
        id = reader.pack.id
        manifest = try reader.manifest.map { try Digest.sha256($0) }
        objects = try reader.pack.objects.map { object in
            Object(
                sha256: try Digest.sha256(reader.raw[object.description.digest] ?? []), dtype: object.description.type,
                elements: object.description.elementCount, base: object.description.base,
                chunks: object.chunks.map { "\(CodecID(number: $0.codec))" })
        }
    }

    init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(VectorDescription.self, from: Data(json))
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
