public import DeltaicCore
internal import PackFormat

/// Bytes that can be streamed whole or in part: a file, a tensor, or a safetensors file of some tensors.
public struct ServedContent: Sendable {
    /// One part of the content, in the order of its bytes.
    struct Segment: Sendable {
        enum Source: Sendable {
            case bytes([UInt8])
            case object(PackObject)
        }

        let source: Source
        /// The tensor's name, or what else the bytes are, for errors.
        let name: String
        /// Where its first byte is in the content.
        let start: Int

        var byteCount: Int {
            switch source {
            case .bytes(let bytes): bytes.count
            case .object(let object): object.description.byteCount
            }
        }
    }

    /// Part of one chunk, or bytes that are at hand.
    struct Piece: Sendable {
        enum Source: Sendable {
            case bytes([UInt8])
            case chunk(Int, of: PackObject)
        }

        let source: Source
        let name: String
        /// What of the chunk is wanted.
        let range: Range<Int>
        /// Whether the object ends with it.
        let endsObject: Bool
    }

    /// In bytes.
    public let size: Int
    /// Of all bytes; nil for tensors that were put together, whose own digests are checked instead.
    public let sha256: Digest?
    /// What names the content in errors: the version, and the file or tensor.
    public let name: String
    let segments: [Segment]
    let reader: ObjectReader

    init(
        name: String, sha256: Digest?, sources: [(source: Segment.Source, name: String)], reader: ObjectReader
    ) {
        var segments: [Segment] = []
        var start = 0
        for (source, name) in sources {
            let segment = Segment(source: source, name: name, start: start)
            segments.append(segment)
            start += segment.byteCount
        }
        self.name = name
        self.sha256 = sha256
        self.segments = segments
        self.reader = reader
        size = start
    }

    /// The pieces that a range of the bytes is made of, in order.
    func pieces(of range: Range<Int>) -> [Piece] {
        var pieces: [Piece] = []
        for segment in segments {
            let wanted = range.clamped(to: segment.start..<segment.start + segment.byteCount)
            guard !wanted.isEmpty else { continue }
            let local = wanted.lowerBound - segment.start..<wanted.upperBound - segment.start
            switch segment.source {
            case .bytes(let bytes):
                pieces.append(Piece(source: .bytes(bytes), name: segment.name, range: local, endsObject: false))
            case .object(let object):
                let first = local.lowerBound / ChunkGrid.chunkBytes
                let last = (local.upperBound - 1) / ChunkGrid.chunkBytes
                for position in first...last {
                    let covered = object.description.grid.bytes(of: position)
                    let part = local.clamped(to: covered)
                    pieces.append(
                        Piece(
                            source: .chunk(position, of: object), name: segment.name,
                            range: part.lowerBound - covered.lowerBound..<part.upperBound - covered.lowerBound,
                            endsObject: position == object.chunks.count - 1))
                }
            }
        }
        return pieces
    }
}
