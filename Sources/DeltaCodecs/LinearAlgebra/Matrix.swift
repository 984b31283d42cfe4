public import DeltaicCore
internal import Kernels

/// A matrix of FP32 in row-major order.
///
/// For encoders: products go through BLAS, whose sums differ in their last bits between processors and thread counts. What a
/// decoder multiplies goes through `FactorProduct`.
public struct Matrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    /// `rows * columns` elements; the element of row i and column j is at `i * columns + j`.
    public var values: [Float]

    /// - Parameter values: `rows * columns` elements in row-major order.
    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(rows >= 0 && columns >= 0 && values.count == rows * columns)
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// A matrix whose elements are all the same.
    public init(rows: Int, columns: Int, repeating value: Float = 0) {
        self.init(rows: rows, columns: columns, values: [Float](repeating: value, count: rows * columns))
    }

    /// The square matrix with these values on its diagonal and zeros elsewhere.
    public init(diagonal: [Float]) {
        self.init(rows: diagonal.count, columns: diagonal.count)
        for (index, value) in diagonal.enumerated() { self[index, index] = value }
    }

    public subscript(row: Int, column: Int) -> Float {
        get {
            precondition(column >= 0 && column < columns)
            return values[row * columns + column]
        }
        set {
            precondition(column >= 0 && column < columns)
            values[row * columns + column] = newValue
        }
    }

    public var isEmpty: Bool { values.isEmpty }

    /// The elements on the diagonal, from the top left.
    public var diagonal: [Float] { (0..<min(rows, columns)).map { values[$0 * columns + $0] } }

    /// Columns x rows.
    public var transposed: Matrix {
        let (rows, columns) = (rows, columns)
        // In squares, so that both sides stay in the cache.
        let side = 32
        var result = [Float](repeating: 0, count: values.count)
        values.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer { target in
                for top in stride(from: 0, to: rows, by: side) {
                    for left in stride(from: 0, to: columns, by: side) {
                        for row in top..<min(top + side, rows) {
                            for column in left..<min(left + side, columns) {
                                target[column * rows + row] = source[row * columns + column]
                            }
                        }
                    }
                }
            }
        }
        return Matrix(rows: columns, columns: rows, values: result)
    }

    /// The rows of a range.
    public subscript(rows range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return Matrix(
            rows: range.count, columns: columns,
            values: Array(values[range.lowerBound * columns..<range.upperBound * columns]))
    }

    /// The columns of a range.
    public subscript(columns range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns)
        var result: [Float] = []
        result.reserveCapacity(rows * range.count)
        for row in 0..<rows {
            result.append(contentsOf: values[row * columns + range.lowerBound..<row * columns + range.upperBound])
        }
        return Matrix(rows: rows, columns: range.count, values: result)
    }

    /// The columns in another order: column j of the result is column `order[j]`.
    func arrangingColumns(_ order: [Int]) -> Matrix {
        var result = Matrix(rows: rows, columns: order.count)
        for row in 0..<rows {
            for (column, source) in order.enumerated() { result[row, column] = self[row, source] }
        }
        return result
    }

    /// Every row times the factor of its position.
    public func scalingRows(by factors: [Float]) -> Matrix {
        precondition(factors.count == rows)
        var result = self
        for row in 0..<rows {
            for index in row * columns..<(row + 1) * columns { result.values[index] *= factors[row] }
        }
        return result
    }

    /// Every column times the factor of its position.
    public func scalingColumns(by factors: [Float]) -> Matrix {
        precondition(factors.count == columns)
        var result = self
        for row in 0..<rows {
            for column in 0..<columns { result.values[row * columns + column] *= factors[column] }
        }
        return result
    }

    /// Element by element; both have the same shape.
    public static func - (left: Matrix, right: Matrix) -> Matrix {
        precondition(left.rows == right.rows && left.columns == right.columns)
        return Matrix(rows: left.rows, columns: left.columns, values: zip(left.values, right.values).map { $0 - $1 })
    }

    /// Element by element; both have the same shape.
    public static func + (left: Matrix, right: Matrix) -> Matrix {
        precondition(left.rows == right.rows && left.columns == right.columns)
        return Matrix(rows: left.rows, columns: left.columns, values: zip(left.values, right.values).map { $0 + $1 })
    }

    /// The sum of squares, summed in FP64.
    var frobeniusSquare: Double { values.withUnsafeBufferPointer { SquareSum.of($0) } }

    /// The square root of the sum of squares, summed in FP64.
    public var frobeniusNorm: Double { frobeniusSquare.squareRoot() }

    /// The product with `other`, either of them transposed on the way.
    ///
    /// - Throws: `.unsupported` if a side is longer than BLAS can count.
    public func times(
        _ other: Matrix, transposingSelf: Bool = false, transposingOther: Bool = false
    ) throws(DeltaicError) -> Matrix {
        try LAPACK.product(self, other, transposingLeft: transposingSelf, transposingRight: transposingOther)
    }

    /// Refuses NaN and infinity.
    ///
    /// - Parameter name: what the matrix is, for the message.
    /// - Throws: `.notFinite` with the first place.
    public func requireFinite(_ name: String) throws(DeltaicError) {
        // Squares of finite numbers have a finite sum in binary64.
        guard !frobeniusSquare.isFinite, let index = values.firstIndex(where: { !$0.isFinite })
        else { return }
        throw DeltaicError(
            .notFinite, "\(name) has a value that is no finite number",
            at: ["row \(index / columns), column \(index % columns)"],
            expected: "finite numbers", found: "\(values[index])",
            advice: "store this tensor with the exact codec, or check the run that made it")
    }
}
