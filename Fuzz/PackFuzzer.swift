internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// Opens a pack through its index, and reads and decodes all that it holds.
enum PackFuzzer {
    /// No more than this is decoded of one input: constant streams make much out of nothing, within their budget.
    private static let decodedLimit = 16 << 20

    /// The first byte tells whether checksums are made to fit.
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let isMended = input.byte() & 1 == 0
        let rest = Array(input.rest)
        try FuzzFile.with(isMended ? try FreshChecksums.pack(rest) : rest) { path in
            guard let reader = try FuzzParser.accepted({ try PackReader(path: path) }) else { return }
            try check(reader)
        }
    }

    private static func check(_ reader: PackReader) throws {
        var decoded = 0
        var raw: [Digest: [UInt8]] = [:]
        _ = try FuzzParser.accepted { try reader.checkObjectRecords() }
        _ = try FuzzParser.accepted { try reader.manifest() }
        _ = try FuzzParser.accepted { try reader.checkManifest() }
        for object in reader.objects {
            let grid = object.description.grid
            try FuzzParser.require(object.chunks.count == grid.chunkCount, "an object lacks chunks")
            var bytes: [UInt8]? = []
            for (position, chunk) in object.chunks.enumerated() {
                try FuzzParser.require(
                    chunk.offset >= 32 && chunk.offset + chunk.storedBytes <= reader.byteCount - reader.indexBytes,
                    "a chunk lies outside of the records")
                _ = try FuzzParser.accepted { try reader.checkRecord(of: chunk) }
                decoded += grid.bytes(of: position).count
                guard decoded <= decodedLimit else { return }
                let range = grid.bytes(of: position)
                let base = object.description.base.flatMap { raw[$0] }
                let part = try FuzzParser.accepted {
                    try CodecTable.decode(
                        EncodedChunk(codec: CodecID(number: chunk.codec), streams: try reader.streams(of: chunk)),
                        shape: ChunkShape(
                            type: object.description.type, elementCount: grid.elements(of: position).count,
                            firstElement: grid.elements(of: position).lowerBound),
                        base: base.map { Array($0[min(range.lowerBound, $0.count)..<min(range.upperBound, $0.count)]) },
                        coder: ZstdStream())
                }
                if let part {
                    try FuzzParser.require(part.count == range.count, "a chunk decodes to another length")
                    bytes? += part
                } else {
                    bytes = nil
                }
            }
            if let bytes { raw[object.description.digest] = bytes }
        }
    }
}
