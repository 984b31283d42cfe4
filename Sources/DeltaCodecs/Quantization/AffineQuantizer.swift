public import DeltaicCore

/// The scale and the zero that some values share.
struct QuantizationLevel {
    /// A finite number above 0.
    let scale: Float
    /// The code of 0.
    let zero: Float
    /// The largest code.
    let limit: Float

    /// The nearest code: round(value / scale) + zero, moved into 0...limit; halves go to even.
    @inline(__always)
    func code(_ value: Float) -> UInt8 {
        // The quotient may be as large as FP32 allows or, of 0, negative zero; never NaN, for the scale is not 0.
        UInt8(max(0, min(limit, (value / scale).rounded(.toNearestOrEven) + zero)))
    }

    /// The value of a code; exact.
    @inline(__always)
    func value(_ code: UInt8) -> Float { (Float(code) - zero) * scale }
}

/// Quantises the rows of a matrix to a grid of equal steps.
///
/// **Asymmetric** (GPTQ; Delta-CoMe): for each group of a row, min and max with 0 included, [-1, 1] if all are 0;
/// scale = (max - min) / (2^bits - 1); zero = round(-min / scale). **Symmetric** (DeltaZip): for each group,
/// scale = 2 max|w| / (2^bits - 1), zero = 2^(bits - 1). All rounding is to nearest, halves to even.
///
/// The scale is rounded to FP16 (to nearest even) *before* the zero and the codes are chosen, so the encoder's values are the
/// decoder's. Deltas are often so small that FP16 would have only a few bits left for their scales, or none; so all scales of a
/// matrix are stored divided by one power of two. A scale that would still round to 0 is the smallest FP16 number above it, one
/// that would round to infinity the largest.
public struct AffineQuantizer: Sendable {
    public let grid: QuantizationGrid
    /// As ``QuantizedMatrix/scaleExponent``.
    public let scaleExponent: Int

    /// A quantizer with a given power of two; 0 stores scales as they are.
    ///
    /// - Throws: `.codecMisuse` for a grid or an exponent that there is not.
    public init(grid: QuantizationGrid, scaleExponent: Int) throws(DeltaicError) {
        try grid.require()
        guard QuantizationGrid.exponents.contains(scaleExponent) else {
            throw DeltaicError(
                .codecMisuse, "an exponent of scales is out of range", expected: "\(QuantizationGrid.exponents)",
                found: "\(scaleExponent)")
        }
        self.grid = grid
        self.scaleExponent = scaleExponent
    }

    /// A quantizer whose power of two fits a matrix: the largest scale is between 4 and 32.
    ///
    /// So scales sixty thousand times smaller keep all 11 bits, and scales that grow two thousand times while errors are
    /// compensated still fit.
    ///
    /// - Throws: `.notFinite`; `.codecMisuse` for a grid that there is not.
    public init(grid: QuantizationGrid, fitting matrix: Matrix) throws(DeltaicError) {
        try matrix.requireFinite("the matrix to quantise")
        let largest = matrix.values.reduce(Float(0)) { max($0, $1.magnitude) }
        let exponent = largest == 0 ? 0 : Int(largest.exponent) + 1 - grid.bits - 3
        let range = QuantizationGrid.exponents
        try self.init(grid: grid, scaleExponent: max(range.lowerBound, min(range.upperBound, exponent)))
    }

    /// Rounds to nearest: no value knows of the others.
    ///
    /// - Throws: `.notFinite`.
    public func quantize(_ matrix: Matrix) throws(DeltaicError) -> QuantizedMatrix {
        try matrix.requireFinite("the matrix to quantise")
        var result = empty(rows: matrix.rows, columns: matrix.columns)
        for row in 0..<matrix.rows {
            for group in 0..<grid.groupCount(matrix.columns) {
                let columns = grid.columns(of: group, among: matrix.columns)
                let start = row * matrix.columns
                let level = setLevel(
                    of: result.groupsPerRow * row + group,
                    for: matrix.values[start + columns.lowerBound..<start + columns.upperBound], in: &result)
                for index in start + columns.lowerBound..<start + columns.upperBound {
                    result.codes[index] = level.code(matrix.values[index])
                }
            }
        }
        return result
    }

    /// A matrix of zero codes, to be filled.
    func empty(rows: Int, columns: Int) -> QuantizedMatrix {
        let groups = rows * grid.groupCount(columns)
        return QuantizedMatrix(
            unchecked: rows, columns, grid, scaleExponent: scaleExponent,
            codes: [UInt8](repeating: 0, count: rows * columns), scales: [UInt16](repeating: 0, count: groups),
            zeros: [UInt8](repeating: 0, count: grid.isSymmetric ? 0 : groups))
    }

    /// Chooses the scale and zero of a group for some finite values, and stores them.
    ///
    /// - Parameter index: of the group among all groups of the matrix.
    func setLevel(of index: Int, for values: ArraySlice<Float>, in result: inout QuantizedMatrix) -> QuantizationLevel {
        var least: Float = 0
        var most: Float = 0
        for value in values {
            least = min(least, value)
            most = max(most, value)
        }
        return setLevel(of: index, least: least, most: most, in: &result)
    }

    /// As ``setLevel(of:for:in:)``, for values from `least` (at most 0) to `most` (at least 0).
    func setLevel(
        of index: Int, least: Float, most: Float, in result: inout QuantizedMatrix
    ) -> QuantizationLevel {
        // In FP64, where the powers of two and the difference of any two FP32 numbers are safe.
        let unit = Double(QuantizationGrid.power(scaleExponent))
        let steps = Double(grid.levels - 1)
        var (low, high) = (Double(least) / unit, Double(most) / unit)
        if grid.isSymmetric { (low, high) = (-max(-low, high), max(-low, high)) }
        if low == 0 && high == 0 { (low, high) = (-1, 1) }
        let scale = Self.half((high - low) / steps)
        result.scales[index] = scale.bitPattern
        let zero: Double
        if grid.isSymmetric {
            zero = Double(grid.middle)
        } else {
            zero = min(steps, (-low / Double(scale)).rounded(.toNearestOrEven))
            result.zeros[index] = UInt8(zero)
        }
        return QuantizationLevel(
            scale: Float(scale) * QuantizationGrid.power(scaleExponent), zero: Float(zero), limit: Float(steps))
    }

    /// The nearest FP16 number that is finite and above 0.
    private static func half(_ value: Double) -> Float16 {
        max(Float16.leastNonzeroMagnitude, min(Float16.greatestFiniteMagnitude, Float16(value)))
    }
}
