internal import DeltaicCore
internal import Kernels

/// The layout of a bitdelta term.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 8.
struct BitDeltaTerm: TermDecoder {
    var kind: CodecID { .bitDelta }

    /// Stream 0.
    struct Parameters {
        let axis: BitDeltaAxis
        let rounds: Int
        /// For each round the scales of the chunk; those of `.sharedColumn` are elsewhere.
        let scales: [[Float]]
        let shared: Digest?

        var bytes: [UInt8] {
            var writer = ByteWriter()
            writer.append([axis.rawValue, UInt8(rounds)])
            if let shared {
                writer.append(shared.bytes)
            } else {
                writer.append(Self.format(axis).words(of: scales.flatMap(\.self)))
            }
            return writer.bytes
        }

        /// How many bytes they take.
        static func byteCount(axis: BitDeltaAxis, rounds: Int, context: TermContext) -> Int {
            switch axis {
            case .tensor: 2 + 4 * rounds
            case .row: 2 + 2 * rounds * context.rows.count
            case .column: 2 + 2 * rounds * context.columns
            case .sharedColumn: 2 + Digest.byteCount
            }
        }

        static func format(_ axis: BitDeltaAxis) -> FloatFormat { axis == .tensor ? .binary32 : .bfloat16 }
    }

    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError) {
        try streams.require(2, "C-60")
        let (axis, rounds, scales) = try parameters(streams[0], context: context, shared: shared, coder: coder)
        let bytesPerRound = SignBits.byteCount(context.count)
        let signs = try coder.decode(streams[1], length: rounds * bytesPerRound, rule: "C-64", what: "signs")
        let scalesPerRound = scales.count / rounds
        signs.withUnsafeBufferPointer { signs in
            for round in 0..<rounds {
                let own = UnsafeBufferPointer(rebasing: signs[round * bytesPerRound..<(round + 1) * bytesPerRound])
                Self.add(
                    own, scales: Array(scales[round * scalesPerRound..<(round + 1) * scalesPerRound]), axis: axis,
                    to: &delta, context: context)
            }
        }
    }

    private func parameters(
        _ stream: EncodedStream, context: TermContext, shared: any SharedBytes, coder: any StreamCoder
    ) throws(DeltaicError) -> (axis: BitDeltaAxis, rounds: Int, scales: [Float]) {
        let limit = 2 + BitDeltaMethod.roundLimit * max(Digest.byteCount, 2 * context.count, 4)
        let bytes = try coder.decode(stream, limit: limit)
        var reader = ByteReader(bytes, place: "bitdelta parameters")
        let number = try reader.uint8("axis")
        guard let axis = BitDeltaAxis(rawValue: number) else {
            throw .malformed("C-61", "unknown axis", expected: "0 to 3", found: "\(number)")
        }
        let rounds = Int(try reader.uint8("rounds"))
        guard (1...BitDeltaMethod.roundLimit).contains(rounds) else {
            throw .malformed(
                "C-62", "wrong number of rounds", expected: "1 to \(BitDeltaMethod.roundLimit)", found: "\(rounds)")
        }
        // Rows of a chunk are no more than its elements; columns may be any number.
        guard axis != .column || context.columns <= context.count else {
            throw .malformed(
                "C-63", "a row is longer than the chunk", expected: "\(context.count)", found: "\(context.columns)")
        }
        let expected = Parameters.byteCount(axis: axis, rounds: rounds, context: context)
        guard bytes.count == expected else {
            throw .malformed("C-63", "scales: wrong length", expected: "\(expected)", found: "\(bytes.count)")
        }
        let rest = try reader.take(reader.remaining, "scales")
        guard axis == .sharedColumn else { return (axis, rounds, Parameters.format(axis).values(of: rest)) }
        let table = try shared.sharedBytes(Digest(uncheckedBytes: rest))
        guard table.count % (2 * rounds) == 0, table.count / (2 * rounds) == context.columns else {
            throw .malformed(
                "C-63", "shared scales: wrong length", expected: "\(context.columns) columns, \(rounds) rounds",
                found: "\(table.count) bytes")
        }
        return (axis, rounds, FloatFormat.bfloat16.values(of: table))
    }

    /// Adds plus or minus the scale of each element.
    ///
    /// - Parameters:
    ///   - signs: one bit for each value.
    ///   - scales: one; or one for each of the chunk's rows; or one for each column.
    static func add(
        _ signs: UnsafeBufferPointer<UInt8>, scales: [Float], axis: BitDeltaAxis, to values: inout [Float],
        context: TermContext
    ) {
        values.withUnsafeMutableBufferPointer { values in
            switch axis {
            case .tensor: SignBits.add(signs, scale: scales[0], to: values, in: 0..<values.count)
            case .row:
                for (index, row) in context.rows.enumerated() {
                    SignBits.add(signs, scale: scales[index], to: values, in: context.elements(ofRow: row))
                }
            case .column, .sharedColumn:
                scales.withUnsafeBufferPointer { scales in
                    for row in context.rows {
                        let range = context.elements(ofRow: row)
                        let first = context.firstElement + range.lowerBound - row * context.columns
                        SignBits.add(
                            signs, scales: UnsafeBufferPointer(rebasing: scales[first..<first + range.count]),
                            to: values, in: range)
                    }
                }
            }
        }
    }
}
