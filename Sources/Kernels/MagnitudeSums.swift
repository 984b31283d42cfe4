/// Sums over the magnitudes of values, in binary64.
public struct MagnitudeSums: Sendable, Equatable {
    /// Values that are not zero.
    public var nonzero = 0
    public var absolute = 0.0
    public var square = 0.0

    public init() {}

    /// Adds the values of a range; eight partial sums are added in a fixed order, so the result is the same everywhere.
    public mutating func add(_ values: UnsafeBufferPointer<Float>) {
        var absolutes = SIMD8<Double>()
        var squares = SIMD8<Double>()
        var zeros = SIMD8<Int32>()
        let raw = UnsafeRawBufferPointer(values)
        var index = 0
        while index + 8 <= values.count {
            let eight = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
            let wide = SIMD8<Double>(eight)
            absolutes += wide.replacing(with: -wide, where: wide .< 0)
            squares += wide * wide
            zeros = zeros.replacing(with: zeros &+ 1, where: eight .== 0)
            index += 8
        }
        nonzero += index - Int(zeros.wrappedSum())
        absolute += absolutes.sum()
        square += squares.sum()
        while index < values.count {
            let value = Double(values[index])
            nonzero += value != 0 ? 1 : 0
            absolute += abs(value)
            square += value * value
            index += 1
        }
    }
}
