internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TestSupport
internal import Testing

/// A pack to be made for `Schema/vectors`.
struct VectorPack {
    /// An object with its chunks as they are to be stored.
    struct Object {
        let raw: [UInt8]
        let description: ObjectDescription
        let chunks: [EncodedChunk]
    }

    var objects: [Object] = []
    var manifest: [UInt8]?

    func contains(_ digest: Digest) -> Bool { objects.contains { $0.description.digest == digest } }

    /// Adds an object with streams that are given.
    @discardableResult
    mutating func add(
        _ raw: [UInt8], _ type: ElementType?, base: Digest? = nil, chunks: [EncodedChunk]
    ) throws -> Digest {
        let description = ObjectDescription(
            digest: try Digest.sha256(raw), type: type, elementCount: raw.count / (type?.width ?? 1), base: base)
        objects.append(Object(raw: raw, description: description, chunks: chunks))
        return description.digest
    }

    /// Adds an object that is encoded alone, or with a base that the pack holds.
    @discardableResult
    mutating func encode(
        _ raw: [UInt8], _ type: ElementType?, base: Digest? = nil, rowLength: Int = 0, rowOffset: Int = 0
    ) throws -> Digest {
        let grid = ChunkGrid(elementCount: raw.count / (type?.width ?? 1), width: type?.width ?? 1)
        let baseRaw = objects.first { $0.description.digest == base }?.raw ?? []
        let chunks = try (0..<grid.chunkCount).map { chunk in
            let input = ChunkInput(
                raw: Array(raw[grid.bytes(of: chunk)]),
                shape: ChunkShape(type: type, elementCount: grid.elements(of: chunk).count), rowLength: rowLength,
                rowOffset: rowOffset, base: Self.chunk(chunk, of: baseRaw, grid))
            guard base != nil, !input.base.isEmpty else {
                return EncodedChunk(codec: .solo, streams: try SoloCodec().encode(input, coder: ZstdStream()))
            }
            return EncodedChunk(codec: .exact, streams: try ExactDeltaCodec().encode(input, coder: ZstdStream()))
        }
        return try add(raw, type, base: base, chunks: chunks)
    }

    /// The part of a base that lies under a chunk of the grid.
    static func chunk(_ chunk: Int, of base: [UInt8], _ grid: ChunkGrid) -> [UInt8] {
        let range = grid.bytes(of: chunk)
        return Array(base[min(range.lowerBound, base.count)..<min(range.upperBound, base.count)])
    }

    /// The file.
    func file() throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        let writer = try PackWriter(directory: directory.path)
        for object in objects {
            try writer.beginObject(object.description)
            for (position, chunk) in object.chunks.enumerated() {
                try writer.append(
                    codec: chunk.codec.number, streams: chunk.streams,
                    rawChecksum: FastHash.checksum(Array(object.raw[object.description.grid.bytes(of: position)])))
            }
            try writer.endObject()
        }
        if let manifest { try writer.write(manifest: manifest) }
        _ = try writer.finish { _ in "vector" }
        return Array(try Data(contentsOf: URL(filePath: directory.path("vector"))))
    }
}
