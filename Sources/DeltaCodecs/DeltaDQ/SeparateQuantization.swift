/// Splits codes into m parts by their upper bits, as DeltaDQ stores them (arXiv 2410.08666): a part holds the codes of one m-th of the range, each
/// without what all of the part have in common, and so in log2 m bits less.
///
/// Each part needs positions of its own, so this never makes a model smaller: log2 m bits of a value become as many or more of its position. Packs hold
/// the codes once. The split is here to show that, and for those who want the parts as matrices of their own.
public struct SeparateQuantization: Sendable, Equatable {
    /// One part.
    public struct Part: Sendable, Equatable {
        /// What is added to a stored code to have the code.
        public let offset: UInt8
        /// Which codes the part holds, ascending.
        public let positions: [UInt32]
        /// Their lower bits.
        public let codes: [UInt8]
    }

    /// m parts, some possibly empty.
    public let parts: [Part]
    /// The bits of a stored code: k - log2 m; 0 if every part has one code only.
    public let storedBits: Int
    public let count: Int

    /// - Parameters:
    ///   - codes: each below 2^bits.
    ///   - bits: 1 to 8.
    ///   - parts: a power of two, at most 2^bits.
    public init(codes: [UInt8], bits: Int, parts: Int) {
        precondition((1...8).contains(bits) && parts > 0 && parts.nonzeroBitCount == 1 && parts <= 1 << bits)
        let stored = bits - parts.trailingZeroBitCount
        var positions = [[UInt32]](repeating: [], count: parts)
        var lower = [[UInt8]](repeating: [], count: parts)
        for (index, code) in codes.enumerated() {
            let part = Int(code) >> stored
            positions[part].append(UInt32(index))
            lower[part].append(UInt8(Int(code) & (1 << stored - 1)))
        }
        self.parts = (0..<parts).map {
            Part(offset: UInt8($0 << stored), positions: positions[$0], codes: lower[$0])
        }
        storedBits = stored
        count = codes.count
    }

    /// The codes that the parts were split from.
    public var joined: [UInt8] {
        var codes = [UInt8](repeating: 0, count: count)
        for part in parts {
            for (position, code) in zip(part.positions, part.codes) { codes[Int(position)] = part.offset + code }
        }
        return codes
    }
}

/// How small DeltaDQ makes 16-bit weights, as it is quoted and as it is.
public struct DeltaDQRatios: Sendable, Equatable {
    /// alpha * 16 / (k - log2 m), as the paper counts; nil where no bit is left and it would be infinite.
    public let quoted: Double?
    /// 16 / (k / alpha): what packs take, whose masks are drawn from a seed; without headers.
    public let stored: Double
    /// With 16-bit column indices beside the stored bits of each value, as sparse matrices in memory have them.
    public let indexed: Double

    public init(alpha: Int, bits: Int, parts: Int) {
        precondition(alpha > 0 && bits > 0 && parts > 0)
        let valueBits = bits - parts.trailingZeroBitCount
        quoted = valueBits > 0 ? 16 * Double(alpha) / Double(valueBits) : nil
        stored = 16 * Double(alpha) / Double(bits)
        indexed = 16 * Double(alpha) / Double(16 + valueBits)
    }
}
