public import DeltaicCore
internal import Kernels

/// The layout that chunks of all lossy codecs have: a table of terms, their streams, and the elements that the base lacks.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section "Lossy chunks".
public enum LossyChunk {
    static let payloadVersion: UInt8 = 1
    static let termLimit = 8

    /// The streams of a chunk.
    ///
    /// - Parameters:
    ///   - columns: the length of a row of the matrix.
    ///   - common: the leading elements that the base has.
    ///   - tail: the raw bytes of the elements after these.
    public static func encode(
        _ terms: [LossyTerm], columns: Int, common: Int, tail: [UInt8], type: ElementType, coder: any StreamCoder
    ) throws(DeltaicError) -> [EncodedStream] {
        precondition(terms.count <= termLimit && common > 0)
        var table = ByteWriter()
        table.append([payloadVersion])
        table.varint(common)
        table.varint(columns)
        table.append([UInt8(terms.count)])
        for term in terms { table.append([term.kind.number, UInt8(term.streams.count)]) }
        var streams = [EncodedStream(encoding: .stored, rawLength: table.bytes.count, bytes: table.bytes)]
        for term in terms { streams += term.streams }
        if !tail.isEmpty {
            let shape = ChunkShape(type: type, elementCount: tail.count / type.width)
            streams += try SoloCodec().encode(ChunkInput(raw: tail, shape: shape), coder: coder)
        }
        return streams
    }

    /// What a chunk says of itself.
    struct Table {
        let common: Int
        let columns: Int
        let terms: [(kind: CodecID, streams: Int)]

        init(_ stream: EncodedStream, shape: ChunkShape, coder: any StreamCoder) throws(DeltaicError) {
            let bytes = try coder.decode(stream, limit: 64)
            var reader = ByteReader(bytes, place: "table of terms")
            let version = try reader.uint8("payload version")
            guard version == payloadVersion else {
                throw .malformed(
                    "C-50", "unknown payload version", expected: "\(payloadVersion)", found: "\(version)")
            }
            common = try reader.varint("shared elements", limit: 1 << 40)
            columns = try reader.varint("columns", limit: 1 << 40)
            guard (1...shape.elementCount).contains(common), columns >= 1 else {
                throw .malformed(
                    "C-51", "the shared elements do not fit the chunk", expected: "1 to \(shape.elementCount)",
                    found: "\(common) in rows of \(columns)")
            }
            let count = Int(try reader.uint8("number of terms"))
            guard count <= termLimit else {
                throw .malformed("C-52", "too many terms", expected: "at most \(termLimit)", found: "\(count)")
            }
            var terms: [(kind: CodecID, streams: Int)] = []
            for _ in 0..<count {
                let kind = CodecID(number: try reader.uint8("kind of term"))
                terms.append((kind, Int(try reader.uint8("streams of a term"))))
            }
            self.terms = terms
            guard reader.remaining == 0 else { throw .malformed("C-53", "bytes follow the table of terms") }
        }
    }

    /// The raw bytes of a chunk.
    ///
    /// - Parameter base: the raw bytes of the same chunk of the base, possibly shorter or longer than this chunk.
    public static func decode(
        _ streams: [EncodedStream], shape: ChunkShape, base: [UInt8], shared: any SharedBytes, coder: any StreamCoder
    ) throws(DeltaicError) -> [UInt8] {
        guard let type = shape.type, let format = type.floatFormat else {
            throw .malformed("C-54", "lossy chunks are of F32, F16 or BF16", found: shape.type?.rawValue ?? "bytes")
        }
        guard let first = streams.first, shape.elementCount > 0 else {
            throw .malformed("C-50", "the table of terms is missing")
        }
        let table = try Table(first, shape: shape, coder: coder)
        let streamCount = table.terms.reduce(1) { $0 + $1.streams }
        guard streamCount <= streams.count, streamCount == streams.count || table.common < shape.elementCount else {
            throw .malformed(
                "C-52", "the terms and the chunk differ in their streams", expected: "\(streamCount)",
                found: "\(streams.count)")
        }
        guard base.count >= table.common * type.width else {
            throw .malformed(
                "C-51", "the base is too short", expected: "\(table.common * type.width) bytes",
                found: "\(base.count)")
        }
        let baseWords = base.count == table.common * type.width ? base : Array(base.prefix(table.common * type.width))
        let readsBase = table.terms.contains { $0.kind == .baseScale }
        let context = TermContext(
            firstElement: shape.firstElement, count: table.common, columns: table.columns,
            base: readsBase ? format.values(of: baseWords) : [])
        var delta = [Float](repeating: 0, count: table.common)
        var position = 1
        for term in table.terms {
            let own = Array(streams[position..<position + term.streams])
            try TermTable.decoder(of: term.kind).add(
                own, to: &delta, context: context, shared: shared, coder: coder)
            position += term.streams
        }
        var raw = format.sum(base: baseWords, delta: delta)
        if table.common < shape.elementCount {
            let rest = ChunkShape(type: type, elementCount: shape.elementCount - table.common)
            raw += try SoloCodec().decode(Array(streams[position...]), shape: rest, base: nil, coder: coder)
        }
        return raw
    }
}
