public import DeltaicCore

/// How finely values are quantised, and how many share a scale.
public struct QuantizationGrid: Sendable, Hashable {
    /// Bits of a code: 1...8, of a symmetric grid 2...8.
    public let bits: Int
    /// Consecutive columns of a row that share a scale, the last of them maybe fewer; nil for the whole row.
    public let groupSize: Int?
    /// Whether 0 is the code 2^(bits - 1) everywhere and only the scale is stored.
    public let isSymmetric: Bool

    private init(bits: Int, groupSize: Int?, isSymmetric: Bool) {
        self.bits = bits
        self.groupSize = groupSize
        self.isSymmetric = isSymmetric
    }

    /// Minimum to maximum of a group, 0 included (GPTQ, Delta-CoMe).
    public static func asymmetric(bits: Int, groupSize: Int? = 128) -> QuantizationGrid {
        QuantizationGrid(bits: bits, groupSize: groupSize, isSymmetric: false)
    }

    /// Both sides of 0 to the largest magnitude of a row (DeltaZip); for 2 bits -2, -1, 0 and 1 times the scale.
    public static func symmetric(bits: Int, groupSize: Int? = nil) -> QuantizationGrid {
        QuantizationGrid(bits: bits, groupSize: groupSize, isSymmetric: true)
    }

    /// Values of ``QuantizedMatrix/scaleExponent``: within these no scale and no value leaves the normal numbers of FP32.
    public static let exponents = -100...100

    /// - Throws: `.codecMisuse` for a number of bits or a group size that there is not.
    public func require() throws(DeltaicError) {
        let allowed = isSymmetric ? 2...8 : 1...8
        guard allowed.contains(bits) else {
            throw DeltaicError(
                .codecMisuse, "a grid has a number of bits that is not supported", expected: "\(allowed)",
                found: "\(bits)")
        }
        guard (groupSize ?? 1) >= 1 else {
            throw DeltaicError(
                .codecMisuse, "a grid has groups without columns", expected: "1 or more", found: "\(groupSize ?? 0)")
        }
    }

    var levels: Int { 1 << bits }

    /// The zero of a symmetric grid: (2^bits - 1 + 1) / 2.
    var middle: UInt8 { UInt8(1 << (bits - 1)) }

    /// The groups of a row.
    public func groupCount(_ columns: Int) -> Int {
        guard columns > 0 else { return 0 }
        guard let groupSize else { return 1 }
        return (columns - 1) / groupSize + 1
    }

    /// The columns of a group.
    public func columns(of group: Int, among columns: Int) -> Range<Int> {
        guard let groupSize, groupSize < columns else { return 0..<columns }
        return group * groupSize..<min((group + 1) * groupSize, columns)
    }

    /// 2^exponent, for one of ``exponents``.
    static func power(_ exponent: Int) -> Float { Float(sign: .plus, exponent: exponent, significand: 1) }
}
