internal import DeltaicCore
internal import Kernels

/// Seeded directions: every block of elements moves along one of many directions that the decoder draws itself.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 12.
struct SeededSignTerm: TermDecoder {
    var kind: CodecID { .seededSign }

    static let levelLimit = 64
    static let streamNames = ["parameters", "row levels", "directions"]

    /// The streams of a chunk.
    static func encode(
        key: UInt64, levels: [SeededLevel], rowLevels: [UInt8], codes: [UInt8], coder: any StreamCoder
    ) throws(DeltaicError) -> LossyTerm {
        var parameters = ByteWriter()
        parameters.integer(key)
        parameters.append([UInt8(levels.count)])
        for level in levels { level.write(to: &parameters) }
        return LossyTerm(
            kind: .seededSign,
            streams: [
                EncodedStream(encoding: .stored, rawLength: parameters.bytes.count, bytes: parameters.bytes),
                try coder.encode(levels.count > 1 ? rowLevels : [], effort: .smallest),
                EncodedStream(encoding: .stored, rawLength: codes.count, bytes: codes),
            ])
    }

    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError) {
        guard streams.count == 3 else {
            throw .malformed("C-120", "wrong number of streams", expected: "3", found: "\(streams.count)")
        }
        var reader = ByteReader(
            try coder.decode(streams[0], limit: 9 + Self.levelLimit * SeededLevel.storedBytes), place: "parameters")
        let key = try reader.uint64("key")
        let levelCount = Int(try reader.uint8("number of levels"))
        guard (1...Self.levelLimit).contains(levelCount) else {
            throw .malformed(
                "C-121", "wrong number of levels", expected: "1 to \(Self.levelLimit)", found: "\(levelCount)")
        }
        var levels: [SeededLevel] = []
        for _ in 0..<levelCount { levels.append(try SeededLevel(from: &reader)) }
        guard reader.remaining == 0 else { throw .malformed("C-121", "bytes follow the levels") }

        let rowCount = context.rows.count
        var rowLevels = try coder.decode(streams[1], limit: rowCount)
        if levelCount == 1, rowLevels.isEmpty { rowLevels = [UInt8](repeating: 0, count: rowCount) }
        guard rowLevels.count == rowCount, rowLevels.allSatisfy({ $0 < levelCount }) else {
            throw .malformed(
                "C-122", "the rows' levels do not fit", expected: "\(rowCount) below \(levelCount)",
                found: "\(rowLevels.count)")
        }
        let layout = LevelLayout(context: context, rowLevels: rowLevels, levelCount: levelCount)
        var codeBits = 0
        for (level, count) in zip(levels, layout.counts) {
            codeBits += level.blockCount(count) * (level.point?.codeBits ?? 0)
        }
        let codes = try coder.decode(streams[2], limit: (codeBits + 7) / 8)
        guard codes.count == (codeBits + 7) / 8 else {
            throw .malformed(
                "C-123", "the directions are too few or too many", expected: "\((codeBits + 7) / 8) bytes",
                found: "\(codes.count)")
        }
        var bits = BitUnpacker(codes)
        for (number, level) in levels.enumerated() {
            guard let point = level.point, layout.counts[number] > 0 else { continue }
            Self.add(
                level, point, number: number, runs: layout.runs[number], count: layout.counts[number], key: key,
                firstElement: context.firstElement, bits: &bits, to: &delta)
        }
    }

    private static func add(
        _ level: SeededLevel, _ point: RatePoint, number: Int, runs: [LevelLayout.Run], count: Int, key: UInt64,
        firstElement: Int, bits: inout BitUnpacker, to delta: inout [Float]
    ) {
        let length = 1 << point.exponent
        let blocks = level.blockCount(count)
        let masks = SeededCodebook.masks(exponent: point.exponent, maskBits: point.maskBits)
        var signs = SeededCodebook.flips(key: key, level: number, firstElement: firstElement, count: count)
        // The last block may reach past the elements.
        let words = max(signs.count, (blocks * length + 31) / 32)
        signs += [UInt32](repeating: 0, count: words - signs.count)
        signs.withUnsafeMutableBufferPointer { signs in
            HadamardSigns.toggle(
                signs, codes: &bits, count: blocks, exponent: point.exponent, maskBits: point.maskBits,
                masks: masks.flatMap { $0 })
        }
        if level.rotation > 0 {
            addRotated(
                level, number: number, signs: signs, runs: runs, count: count, key: key, firstElement: firstElement,
                to: &delta)
            return
        }
        delta.withUnsafeMutableBufferPointer { delta in
            signs.withUnsafeBufferPointer { signs in
                for run in runs {
                    HadamardSigns.add(
                        level.amplitude, signs: signs, from: run.position,
                        to: UnsafeMutableBufferPointer(rebasing: delta[run.elements]))
                }
            }
        }
    }

    /// Turns the directions back: sums of signs are whole numbers below 2^12, so they are exact in any order.
    private static func addRotated(
        _ level: SeededLevel, number: Int, signs: [UInt32], runs: [LevelLayout.Run], count: Int, key: UInt64,
        firstElement: Int, to delta: inout [Float]
    ) {
        var steps = [Float](repeating: 0, count: count)
        let flips = SeededCodebook.flips(
            key: key, level: number, firstElement: firstElement, count: count, beforeRotation: true)
        steps.withUnsafeMutableBufferPointer { steps in
            signs.withUnsafeBufferPointer { HadamardSigns.add(1, signs: $0, from: 0, to: steps) }
            HadamardRotation.apply(steps, exponent: level.rotation)
            flips.withUnsafeBufferPointer { HadamardSigns.apply($0, from: 0, to: steps) }
            delta.withUnsafeMutableBufferPointer { delta in
                for run in runs {
                    let part = steps[run.position..<run.position + run.elements.count]
                    HadamardSigns.add(
                        level.amplitude, times: UnsafeBufferPointer(rebasing: part),
                        to: UnsafeMutableBufferPointer(rebasing: delta[run.elements]))
                }
            }
        }
    }
}

extension RatePoint {
    var codeBits: Int { exponent + 1 + maskBits }
}
