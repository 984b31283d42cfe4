internal import DeltaicCore

/// A look at a delta's largest singular value, on some of its rows where there are many.
struct SpectrumProbe {
    /// The square of the largest singular value, estimated.
    let largestSquare: Double

    /// From so many chunks on every fourth is read.
    private static let manyChunks = 8
    private static let step = 4

    /// Nil for a sample of zeros.
    ///
    /// - Throws: what reading and decomposing throw.
    init?(_ tensor: any DeltaSource) throws(DeltaicError) {
        let isSampled = tensor.chunkCount >= Self.manyChunks
        let matrix = isSampled ? try Self.sample(tensor) : try tensor.matrix()
        let squares = matrix.frobeniusSquare
        guard squares > 0,
            let largest = try LowRankPart.directions(matrix, moments: nil, rank: 1, seed: tensor.key)?.values.first
        else { return nil }
        let square = Double(largest) * Double(largest)
        largestSquare =
            isSampled && matrix.rows < tensor.rows
            ? Self.extrapolate(
                square, meanSquare: squares / Double(matrix.values.count), from: matrix, rows: tensor.rows)
            : square
    }

    /// The whole rows of every fourth chunk.
    private static func sample(_ tensor: any DeltaSource) throws(DeltaicError) -> Matrix {
        var values: [Float] = []
        for position in stride(from: 0, to: tensor.chunkCount, by: step) {
            let delta = try tensor.chunk(position).delta
            let first = tensor.elementRange(ofChunk: position).lowerBound
            let start = (first + tensor.columns - 1) / tensor.columns * tensor.columns - first
            guard start < delta.count else { continue }
            values += delta[start..<start + (delta.count - start) / tensor.columns * tensor.columns]
        }
        return Matrix(rows: values.count / tensor.columns, columns: tensor.columns, values: values)
    }

    /// What of a square is the direction's and what is noise that the direction met, which grow differently with the rows.
    ///
    /// A direction of square t in m x n noise of variance v shows as (t + v m)(t + v n) / t: Benaych-Georges and Nadakuditi, "The
    /// singular values and vectors of low rank perturbations of large rectangular random matrices" (2012), section 3.1.
    private static func extrapolate(_ square: Double, meanSquare: Double, from sample: Matrix, rows: Int) -> Double {
        let (few, columns) = (Double(sample.rows), Double(sample.columns))
        let above = square / meanSquare - few - columns
        let discriminant = above * above - 4 * few * columns
        guard above > 0, discriminant >= 0 else { return 0 }
        let direction = (above + discriminant.squareRoot()) / 2 * Double(rows) / few
        return meanSquare * (direction + Double(rows)) * (direction + columns) / direction
    }
}
