internal import DeltaicCore
internal import Kernels

/// Two of every four columns, a small code each and a scale for each row.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 15.
struct Sparse24Term: TermDecoder {
    var kind: CodecID { .sparse24 }

    static let streamNames = ["parameters", "row scales", "kept columns", "codes"]
    static let patternLimit: UInt8 = 6
    static let patternsPerByte = 3
    /// The lanes that a pattern keeps.
    static let lanes: [(first: Int, second: Int)] = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]

    /// The groups of four columns of a row that some of the chunk's elements lie in.
    static func groups(ofRow row: Int, _ context: TermContext) -> Range<Int> {
        let elements = context.elements(ofRow: row)
        let first = context.firstElement + elements.lowerBound - row * context.columns
        return first / 4..<(first + elements.count - 1) / 4 + 1
    }

    /// A chunk as it is stored.
    struct Content {
        let bits: Int
        let exponent: Int
        /// FP16 words of the chunk's rows.
        var scales: [UInt16] = []
        /// Of each group.
        var patterns: [UInt8] = []
        /// Two for each group.
        var codes: [UInt8] = []

        /// Three patterns to a byte; the last byte is filled with pattern 0.
        var packedPatterns: [UInt8] {
            stride(from: 0, to: patterns.count, by: patternsPerByte).map { start in
                var byte: UInt8 = 0
                for index in (start..<min(start + patternsPerByte, patterns.count)).reversed() {
                    byte = byte * patternLimit + patterns[index]
                }
                // The later ones count for more: 1, 6 and 36.
                return byte
            }
        }

        var scaleBytes: [UInt8] {
            var writer = ByteWriter()
            writer.planes(scales)
            return writer.bytes
        }

        var packedCodes: [UInt8] { PackedBits.pack(codes, bits: bits) }
    }

    static func encode(_ content: Content, coder: any StreamCoder) throws(DeltaicError) -> LossyTerm {
        let parameters = [UInt8(content.bits), UInt8(bitPattern: Int8(content.exponent))]
        return LossyTerm(
            kind: .sparse24,
            streams: [
                EncodedStream(encoding: .stored, rawLength: parameters.count, bytes: parameters),
                try coder.encode(content.scaleBytes, effort: .literals, boundaries: [content.scales.count]),
                try coder.encode(content.packedPatterns, effort: .smallest),
                try coder.encode(content.packedCodes, effort: .smallest),
            ])
    }

    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError) {
        guard streams.count == 4 else {
            throw .malformed("C-150", "wrong number of streams", expected: "4", found: "\(streams.count)")
        }
        let parameters = try coder.decode(streams[0], limit: 2)
        guard parameters.count == 2, parameters[0] == 2 || parameters[0] == 4,
            QuantizationGrid.exponents.contains(Int(Int8(bitPattern: parameters[1])))
        else {
            throw .malformed(
                "C-151", "the parameters are off",
                expected: "2 or 4 bits, an exponent of \(QuantizationGrid.exponents)",
                found: "\(parameters)")
        }
        let bits = Int(parameters[0])
        let power = QuantizationGrid.power(Int(Int8(bitPattern: parameters[1])))
        let rows = context.rows
        let groupCount = rows.reduce(0) { $0 + Self.groups(ofRow: $1, context).count }
        let scaleBytes = try coder.decode(streams[1], limit: 2 * rows.count)
        guard scaleBytes.count == 2 * rows.count else {
            throw .malformed(
                "C-152", "the scales are too few", expected: "\(2 * rows.count) bytes", found: "\(scaleBytes.count)")
        }
        var reader = ByteReader(scaleBytes, place: "row scales")
        let scales = try FactorCodes.scales(rows.count, rule: "C-152", from: &reader)
        let byteCount = (groupCount + Self.patternsPerByte - 1) / Self.patternsPerByte
        let patterns = try coder.decode(streams[2], limit: byteCount)
        guard patterns.count == byteCount, patterns.allSatisfy({ $0 < 216 }) else {
            throw .malformed(
                "C-153", "the kept columns do not fit", expected: "\(byteCount) bytes below 216",
                found: "\(patterns.count) up to \(patterns.max() ?? 0)")
        }
        let codeBytes = PackedBits.byteCount(count: 2 * groupCount, bits: bits)
        guard
            let codes = PackedBits.unpack(
                try coder.decode(streams[3], limit: codeBytes), count: 2 * groupCount, bits: bits)
        else { throw .malformed("C-154", "the codes are too few", expected: "\(codeBytes) bytes") }

        Self.add(
            patterns: patterns, codes: codes, steps: scales.map { Float(Float16(bitPattern: $0)) * power },
            middle: Float(1 << (bits - 1)), to: &delta, context: context)
    }

    private static func add(
        patterns: [UInt8], codes: [UInt8], steps: [Float], middle: Float, to delta: inout [Float], context: TermContext
    ) {
        let columns = context.columns
        delta.withUnsafeMutableBufferPointer { delta in
            codes.withUnsafeBufferPointer { codes in
                var group = 0
                // The patterns of the byte that are still to come.
                var rest: UInt8 = 0
                for row in context.rows {
                    let step = steps[row - context.rows.lowerBound]
                    let elements = context.elements(ofRow: row)
                    // The position in the chunk that column 0 of the row would have.
                    let start = row * columns - context.firstElement
                    for number in groups(ofRow: row, context) {
                        rest = group % patternsPerByte == 0 ? patterns[group / patternsPerByte] : rest / patternLimit
                        let pair = laneTable[Int(rest % patternLimit)]
                        let first = start + 4 * number + Int(pair & 3)
                        let second = start + 4 * number + Int(pair >> 2)
                        if first >= elements.lowerBound, first < elements.upperBound {
                            delta[first] += (Float(codes[2 * group]) - middle) * step
                        }
                        if second >= elements.lowerBound, second < elements.upperBound {
                            delta[second] += (Float(codes[2 * group + 1]) - middle) * step
                        }
                        group += 1
                    }
                }
            }
        }
    }

    /// The lanes of a pattern as first + 4 * second; two more, so that no index needs a check that fails.
    private static let laneTable = SIMD8<UInt8>(4, 8, 12, 9, 13, 14, 0, 0)
}
