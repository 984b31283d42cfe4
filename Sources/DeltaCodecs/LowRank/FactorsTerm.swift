internal import DeltaicCore
internal import Kernels

/// A product of two thin factors: the rows of the left one in the chunk, the right one in an object that the chunks share.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 14.
struct FactorsTerm: TermDecoder {
    /// `deltaCoMe` or `lowRank`: both are stored alike.
    let kind: CodecID

    static let streamNames = ["factors' digest", "left factors"]

    /// The streams of a chunk.
    ///
    /// - Parameters:
    ///   - left: the rows of U that the chunk touches.
    ///   - boundaries: where a band ends.
    static func encode(
        kind: CodecID, shared: Digest, left: [UInt8], boundaries: [Int] = [], coder: any StreamCoder
    ) throws(DeltaicError) -> LossyTerm {
        LossyTerm(
            kind: kind,
            streams: [
                EncodedStream(encoding: .stored, rawLength: shared.bytes.count, bytes: shared.bytes),
                // Packed codes: entropy coding is all that can be won.
                try coder.encode(left, effort: .literals, boundaries: boundaries),
            ])
    }

    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError) {
        guard streams.count == 2 else {
            throw .malformed("C-140", "wrong number of streams", expected: "2", found: "\(streams.count)")
        }
        let name = try coder.decode(streams[0], limit: 32)
        guard let digest = Digest(bytes: name) else {
            throw .malformed("C-140", "the digest has another length", expected: "32", found: "\(name.count)")
        }
        let object = try FactorObject(try shared.sharedBytes(digest), columns: context.columns)
        let rows = context.rows
        guard rows.upperBound <= object.rows else {
            throw .malformed(
                "C-141", "the chunk has rows that the factors lack", expected: "\(object.rows) rows",
                found: "\(rows.upperBound)")
        }
        let left = try object.left(
            try coder.decode(streams[1], limit: object.chunkBytes(rows: rows.count)), rows: rows)
        Self.add(left: left, right: object.right, rank: object.rank, to: &delta, context: context)
    }

    /// Adds the product to the chunk's elements: whole rows together, the first and the last row on their own if they are cut.
    static func add(left: [Float], right: [Float], rank: Int, to delta: inout [Float], context: TermContext) {
        let rows = context.rows
        let columns = context.columns
        if context.firstElement % columns == 0, context.count % columns == 0 {
            FactorProduct.add(
                left: left, right: right, rank: rank, rows: 0..<rows.count, columns: columns, to: &delta)
            return
        }
        var row = rows.lowerBound
        while row < rows.upperBound {
            let elements = context.elements(ofRow: row)
            let isWhole = elements.count == columns
            var end = row + 1
            if isWhole {
                while end < rows.upperBound, context.elements(ofRow: end).count == columns { end += 1 }
            }
            let range = elements.lowerBound..<context.elements(ofRow: end - 1).upperBound
            var part = Array(delta[range])
            let first = context.firstElement + elements.lowerBound - row * columns
            FactorProduct.add(
                left: left, right: isWhole ? right : window(right, rank, columns, first..<first + elements.count),
                rank: rank, rows: row - rows.lowerBound..<end - rows.lowerBound, columns: elements.count, to: &part)
            delta.replaceSubrange(range, with: part)
            row = end
        }
    }

    /// Some columns of the right factor.
    private static func window(_ right: [Float], _ rank: Int, _ columns: Int, _ range: Range<Int>) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(rank * range.count)
        for k in 0..<rank { result += right[k * columns + range.lowerBound..<k * columns + range.upperBound] }
        return result
    }
}
