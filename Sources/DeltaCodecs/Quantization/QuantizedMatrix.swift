public import DeltaicCore

/// A matrix of small codes, with a scale and a zero for each row or each group of columns of a row.
///
/// The value of a code is `(code - zero) * scale`, where scale is the stored FP16 number times 2^``scaleExponent``. The product
/// of an integer of at most 9 bits and a significand of 11 fits FP32, so the value is exact: the same on every machine.
public struct QuantizedMatrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    public let grid: QuantizationGrid
    /// Exponent of the power of two that all scales are multiplied with, in ``QuantizationGrid/exponents``.
    public let scaleExponent: Int
    /// A code of `grid.bits` bits for each element, row-major.
    public internal(set) var codes: [UInt8]
    /// Bit patterns of finite FP16 numbers above 0: rows x groups, row-major.
    public internal(set) var scales: [UInt16]
    /// Codes that stand for 0: rows x groups, row-major; empty for a symmetric grid, whose zero is 2^(bits - 1) everywhere.
    public internal(set) var zeros: [UInt8]

    /// Takes apart what a decoder read.
    ///
    /// - Throws: `.codecMisuse` if the counts do not fit the shape, a code or zero has too many bits, a scale is no finite number
    ///   above 0 or the exponent is out of range.
    public init(
        rows: Int, columns: Int, grid: QuantizationGrid, scaleExponent: Int, codes: [UInt8], scales: [UInt16],
        zeros: [UInt8]
    ) throws(DeltaicError) {
        try grid.require()
        let groups = rows * grid.groupCount(columns)
        func refuse(_ what: String, _ expected: String, _ found: String) -> DeltaicError {
            DeltaicError(.codecMisuse, "\(what) of a quantised matrix is wrong", expected: expected, found: found)
        }
        guard codes.count == rows * columns else {
            throw refuse("the number of codes", "\(rows * columns)", "\(codes.count)")
        }
        guard scales.count == groups else { throw refuse("the number of scales", "\(groups)", "\(scales.count)") }
        let zeroCount = grid.isSymmetric ? 0 : groups
        guard zeros.count == zeroCount else { throw refuse("the number of zeros", "\(zeroCount)", "\(zeros.count)") }
        let limit = UInt8(grid.levels - 1)
        if let code = codes.first(where: { $0 > limit }) { throw refuse("a code", "at most \(limit)", "\(code)") }
        if let zero = zeros.first(where: { $0 > limit }) { throw refuse("a zero", "at most \(limit)", "\(zero)") }
        if let scale = scales.first(where: { $0 == 0 || $0 >= 0x7c00 }) {
            throw refuse("a scale", "a finite FP16 number above 0", "bits 0x\(String(scale, radix: 16))")
        }
        guard QuantizationGrid.exponents.contains(scaleExponent) else {
            throw refuse("the exponent", "\(QuantizationGrid.exponents)", "\(scaleExponent)")
        }
        self.init(
            unchecked: rows, columns, grid, scaleExponent: scaleExponent, codes: codes, scales: scales, zeros: zeros)
    }

    /// As ``init(rows:columns:grid:scaleExponent:codes:scales:zeros:)``, for encoders.
    init(
        unchecked rows: Int, _ columns: Int, _ grid: QuantizationGrid, scaleExponent: Int, codes: [UInt8],
        scales: [UInt16], zeros: [UInt8]
    ) {
        self.rows = rows
        self.columns = columns
        self.grid = grid
        self.scaleExponent = scaleExponent
        self.codes = codes
        self.scales = scales
        self.zeros = zeros
    }

    public var groupsPerRow: Int { grid.groupCount(columns) }

    /// The scale and zero of group `group` of a row.
    func level(row: Int, group: Int) -> QuantizationLevel {
        let index = row * groupsPerRow + group
        return QuantizationLevel(
            scale: Float(Float16(bitPattern: scales[index])) * QuantizationGrid.power(scaleExponent),
            zero: Float(grid.isSymmetric ? grid.middle : zeros[index]), limit: Float(grid.levels - 1))
    }

    /// The values of all codes: FP32, exact.
    public var values: Matrix {
        var result = Matrix(rows: rows, columns: columns)
        for row in 0..<rows {
            for group in 0..<groupsPerRow {
                let level = level(row: row, group: group)
                for column in grid.columns(of: group, among: columns) {
                    result.values[row * columns + column] = level.value(codes[row * columns + column])
                }
            }
        }
        return result
    }
}
