internal import DeltaicCore
internal import Kernels

/// How the values of a band of factors are stored.
enum FactorGrid: UInt8, Sendable {
    /// FP16 words.
    case half = 0
    /// (code - zero) * scale, by groups of a row: what GPTQ and Delta-CoMe use.
    case affine = 1
    /// (2 code - (2^bits - 1)) * scale: as many levels above 0 as below, none at 0; scales by groups of a vector.
    case centred = 2
    /// (2 code - 2^bits) * scale: one level is 0; scales by groups of a vector.
    case zeroed = 3

    /// Whether scales belong to groups of a singular vector, left ones too, and are all in the shared object.
    var isByVector: Bool { self == .centred || self == .zeroed }
}

/// What a decoder must know of a band of consecutive columns of U and rows of V^T.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 14.
struct FactorLayout: Sendable, Equatable {
    let grid: FactorGrid
    /// 16 for FP16; 2, 3, 4 or 8 for codes.
    let bits: Int
    /// Columns of U.
    let width: Int
    /// Values that share a scale; 0 for all of them.
    let group: Int
    /// All values, or all scales, are multiplied with 2^exponent.
    let leftExponent: Int
    let rightExponent: Int

    static let widthLimit = 1 << 20
    static let groupLimit = 1 << 16
    static let sideLimit = 1 << 40
    static let exponents = -100...100
    /// With this bound on both exponents together no product of factors, and no sum of them, leaves binary32.
    static let exponentSumLimit = 40

    /// The groups of `count` values.
    func groups(_ count: Int) -> Int { group == 0 ? min(count, 1) : (count + group - 1) / group }

    /// The bytes in the shared object of a matrix.
    func sharedBytes(rows: Int, columns: Int) -> Int {
        switch grid {
        case .half: 2 * width * columns
        case .affine:
            PackedBits.byteCount(count: width * columns, bits: bits) + 2 * width * groups(columns)
                + PackedBits.byteCount(count: width * groups(columns), bits: bits)
        case .centred, .zeroed:
            PackedBits.byteCount(count: width * columns, bits: bits) + 2 * width * (groups(columns) + groups(rows))
        }
    }

    /// The bytes that `rows` rows of U take in a chunk.
    func chunkBytes(rows: Int) -> Int {
        switch grid {
        case .half: 2 * width * rows
        case .affine:
            PackedBits.byteCount(count: width * rows, bits: bits) + 2 * rows * groups(width)
                + PackedBits.byteCount(count: rows * groups(width), bits: bits)
        case .centred, .zeroed: PackedBits.byteCount(count: width * rows, bits: bits)
        }
    }

    func write(to writer: inout ByteWriter) {
        writer.append([grid.rawValue, UInt8(bits)])
        writer.varint(width)
        writer.varint(group)
        writer.append([UInt8(bitPattern: Int8(leftExponent)), UInt8(bitPattern: Int8(rightExponent))])
    }

    init(grid: FactorGrid, bits: Int, width: Int, group: Int, leftExponent: Int, rightExponent: Int) {
        self.grid = grid
        self.bits = bits
        self.width = width
        self.group = group
        self.leftExponent = leftExponent
        self.rightExponent = rightExponent
    }

    init(from reader: inout ByteReader) throws(DeltaicError) {
        let number = try reader.uint8("grid")
        bits = Int(try reader.uint8("bits"))
        guard let grid = FactorGrid(rawValue: number), grid == .half ? bits == 16 : [2, 3, 4, 8].contains(bits) else {
            throw .malformed(
                "C-142", "a band is stored in an unknown way", expected: "FP16, or 2, 3, 4 or 8 bits",
                found: "grid \(number) of \(bits) bits")
        }
        self.grid = grid
        width = try reader.varint("columns of a band", limit: Self.widthLimit)
        group = try reader.varint("values of a group", limit: Self.groupLimit)
        leftExponent = Int(Int8(bitPattern: try reader.uint8("left exponent")))
        rightExponent = Int(Int8(bitPattern: try reader.uint8("right exponent")))
        guard width >= 1, Self.exponents.contains(leftExponent), Self.exponents.contains(rightExponent),
            leftExponent + rightExponent <= Self.exponentSumLimit
        else {
            throw .malformed(
                "C-142", "a band is empty, or its exponents are out of bounds",
                expected: "1 column or more, exponents of \(Self.exponents), together at most \(Self.exponentSumLimit)",
                found: "\(width) columns, \(leftExponent) and \(rightExponent)")
        }
    }
}
