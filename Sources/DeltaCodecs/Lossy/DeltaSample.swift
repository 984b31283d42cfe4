internal import DeltaicCore

/// Some of a tensor's deltas, from which a plan foretells the error of quantizers.
struct DeltaSample {
    let values: [Float]
    /// The sum of d^2 over the sample.
    let squares: Double

    static let limit = 1 << 16
    private static let chunkLimit = 4

    /// Every so-many-th element of up to four chunks that are spread over the tensor.
    ///
    /// - Throws: what reading throws.
    init(_ tensor: any DeltaSource) throws(DeltaicError) {
        let chunks = min(tensor.chunkCount, Self.chunkLimit)
        let stride = max(1, min(tensor.elementCount, chunks * tensor.elementRange(ofChunk: 0).count) / Self.limit)
        var values: [Float] = []
        for index in 0..<chunks {
            let position = chunks == 1 ? 0 : index * (tensor.chunkCount - 1) / (chunks - 1)
            let delta = try tensor.chunk(position).delta
            // An odd step does not stay in the same columns.
            for element in Swift.stride(from: 0, to: delta.count, by: stride | 1) { values.append(delta[element]) }
        }
        self.values = values
        squares = values.reduce(0) { $0 + Double($1) * Double($1) }
    }
}

/// The error of a model's reconstructed weights as far as a plan can foretell it, before the rounding to the dtype.
struct ErrorForecast {
    private var errorSquares = 0.0
    private var weightSquares = 0.0

    /// Adds a tensor whose |D_hat - D|^2 / |D|^2 is `noise`.
    mutating func add(_ statistics: DeltaStatistics, noise: Double) {
        errorSquares += noise * statistics.squareSum
        weightSquares += statistics.weightSquareSum
    }

    /// |W_hat - W| / |W| over all tensors.
    var relativeError: Double { weightSquares > 0 ? (errorSquares / weightSquares).squareRoot() : 0 }
}
