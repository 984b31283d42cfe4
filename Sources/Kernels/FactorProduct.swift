/// Adds the product of two thin factors to a matrix, with the same bits on every machine.
///
/// A low-rank delta is stored as factors; this multiplies them out when it is decoded. Each element of the result is
///
///     out[i, j] + (((0 + left[i, 0] * right[0, j]) + left[i, 1] * right[1, j]) + ...)
///
/// in FP32, rounded to nearest even after every product and every sum: k ascends, a product is never fused with its sum, the
/// sum over k starts at 0 and is added to `out` once at the end. No element depends on how rows are divided between calls or
/// threads, or on the width of the vectors. What is not a number stays so, but its sign and payload may differ between
/// machines, as IEEE 754 leaves them open.
public enum FactorProduct {
    /// The columns that are summed together: one ``SIMD16`` of FP32.
    private static let width = 16
    /// The bytes of `right` that are kept at hand while the rows pass by: a part of a second-level cache.
    private static let panelBytes = 1 << 18

    /// Adds rows of `left` times `right` to `out`.
    ///
    /// - Parameters:
    ///   - left: row-major FP32, `rank` columns, at least `rows.upperBound` rows.
    ///   - right: row-major FP32, `rank` rows of `columns` each.
    ///   - rows: the rows of `left` that are wanted.
    ///   - out: row-major FP32, `rows.count` rows of `columns` each: its first row belongs to `rows.lowerBound`.
    public static func add(
        left: [Float], right: [Float], rank: Int, rows: Range<Int>, columns: Int, to out: inout [Float]
    ) {
        require(left, right, rank, rows, columns, out)
        if rank == 0 { return addPlain(left: left, right: right, rank: rank, rows: rows, columns: columns, to: &out) }
        let panelCount = max(1, min((columns + width - 1) / width, panelBytes / (rank * width * 4)))
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: panelCount * rank * width * 4, alignment: width * 4)
        defer { scratch.deallocate() }
        let panels = scratch.bindMemory(to: SIMD16<Float>.self)
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                out.withUnsafeMutableBufferPointer { out in
                    guard let panels = panels.baseAddress, let left = left.baseAddress, let right = right.baseAddress,
                        let out = out.baseAddress
                    else { return }
                    for start in stride(from: 0, to: columns, by: panelCount * width) {
                        let count = min(panelCount * width, columns - start)
                        pack(right + start, rank: rank, stride: columns, count: count, to: panels)
                        multiply(
                            left + rows.lowerBound * rank, panels, rank: rank, rows: rows.count, to: out + start,
                            stride: columns, count: count)
                    }
                }
            }
        }
    }

    /// The definition, element by element; ``add(left:right:rank:rows:columns:to:)`` gives the same bits sooner.
    static func addPlain(
        left: [Float], right: [Float], rank: Int, rows: Range<Int>, columns: Int, to out: inout [Float]
    ) {
        require(left, right, rank, rows, columns, out)
        for row in 0..<rows.count {
            for column in 0..<columns {
                var sum: Float = 0
                for k in 0..<rank { sum += left[(rows.lowerBound + row) * rank + k] * right[k * columns + column] }
                out[row * columns + column] += sum
            }
        }
    }

    private static func require(
        _ left: [Float], _ right: [Float], _ rank: Int, _ rows: Range<Int>, _ columns: Int, _ out: [Float]
    ) {
        precondition(rank >= 0 && columns >= 0 && rows.lowerBound >= 0)
        precondition(left.count >= rows.upperBound * rank && right.count >= rank * columns)
        precondition(out.count == rows.count * columns)
    }

    /// Copies `count` columns of `right`: sixteen side by side for all k, then the next sixteen, the last filled with zeros.
    private static func pack(
        _ right: UnsafePointer<Float>, rank: Int, stride: Int, count: Int,
        to panels: UnsafeMutablePointer<SIMD16<Float>>
    ) {
        for (panel, column) in Swift.stride(from: 0, to: count, by: width).enumerated() {
            let target = panels + panel * rank
            for k in 0..<rank {
                let source = right + (k * stride + column)
                if column + width <= count {
                    target[k] = UnsafeRawPointer(source).loadUnaligned(as: SIMD16<Float>.self)
                } else {
                    var lanes = SIMD16<Float>()
                    for lane in 0..<count - column { lanes[lane] = source[lane] }
                    target[k] = lanes
                }
            }
        }
    }

    /// Two rows at a time: as many sums as the registers of the plainest processor hold.
    private static func multiply(
        _ left: UnsafePointer<Float>, _ panels: UnsafePointer<SIMD16<Float>>, rank: Int, rows: Int,
        to out: UnsafeMutablePointer<Float>, stride: Int, count: Int
    ) {
        for row in Swift.stride(from: 0, to: rows, by: 2) {
            let first = left + row * rank
            let second = first + rank
            let isPair = row + 1 < rows
            for (panel, column) in Swift.stride(from: 0, to: count, by: width).enumerated() {
                let right = panels + panel * rank
                let target = out + (row * stride + column)
                let lanes = min(width, count - column)
                if isPair {
                    var firstSum = SIMD16<Float>()
                    var secondSum = SIMD16<Float>()
                    for k in 0..<rank {
                        firstSum += first[k] * right[k]
                        secondSum += second[k] * right[k]
                    }
                    add(firstSum, to: target, count: lanes)
                    add(secondSum, to: target + stride, count: lanes)
                } else {
                    var sum = SIMD16<Float>()
                    for k in 0..<rank { sum += first[k] * right[k] }
                    add(sum, to: target, count: lanes)
                }
            }
        }
    }

    @inline(__always)
    private static func add(_ sum: SIMD16<Float>, to out: UnsafeMutablePointer<Float>, count: Int) {
        if count == width {
            let target = UnsafeMutableRawPointer(out)
            target.storeBytes(of: target.loadUnaligned(as: SIMD16<Float>.self) + sum, as: SIMD16<Float>.self)
        } else {
            for lane in 0..<count { out[lane] += sum[lane] }
        }
    }
}
