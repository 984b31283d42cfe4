internal import DeltaicCore
internal import Kernels

/// What planning and encoding need to know of a tensor: its grid, how often each of its values occurs, and the errors of some elements.
struct UltraDeltaSurvey {
    let name: String
    let elementCount: Int
    let grid: UniformGrid
    /// For each code, how many elements have it.
    let counts: [Int]
    /// For each code, of a sample: how many, the sum of d, and of d^2.
    private let sample: [(count: Double, sum: Double, squares: Double)]
    private let sampleSquares: Double

    /// One reading of the tensor, two for a clipped grid.
    ///
    /// - Returns: nil for a tensor whose deltas are all equal.
    /// - Throws: `.codecMisuse` if the range of deltas overflows binary32; what reading throws.
    static func make(
        _ tensor: any DeltaSource, options: UltraDeltaOptions
    ) throws(DeltaicError) -> UltraDeltaSurvey? {
        let statistics = tensor.statistics
        guard statistics.minimum < statistics.maximum else { return nil }
        var (lowest, highest) = (statistics.minimum, statistics.maximum)
        if options.grid == .clipped {
            var quantiles = ValueQuantiles()
            for position in 0..<tensor.chunkCount { quantiles.add(try tensor.chunk(position).delta) }
            let range = quantiles.range(cutting: options.clip)
            if max(range.lowest, lowest) < min(range.highest, highest) {
                (lowest, highest) = (max(range.lowest, lowest), min(range.highest, highest))
            }
        }
        guard (highest - lowest).isFinite else {
            throw DeltaicError(
                .codecMisuse, "the range of the deltas overflows binary32", at: [tensor.name],
                found: "\(lowest) to \(highest)", advice: "name `exact` for this tensor in a recipe")
        }
        return try UltraDeltaSurvey(tensor, grid: UniformGrid(lowest: lowest, highest: highest, bits: options.bits))
    }

    private init(_ tensor: any DeltaSource, grid: UniformGrid) throws(DeltaicError) {
        name = tensor.name
        elementCount = tensor.elementCount
        self.grid = grid
        var counts = [Int](repeating: 0, count: 256)
        var sample = [(count: Double, sum: Double, squares: Double)](repeating: (0, 0, 0), count: 256)
        // An odd step does not stay in the same columns.
        let step = max(1, tensor.elementCount / DeltaSample.limit) | 1
        for position in 0..<tensor.chunkCount {
            let delta = try tensor.chunk(position).delta
            let codes = grid.codes(of: delta)
            for (code, count) in ByteHistogram.count(codes[...]).enumerated() { counts[code] += count }
            for index in stride(from: 0, to: delta.count, by: step) {
                let value = Double(delta[index])
                let code = Int(codes[index])
                sample[code].count += 1
                sample[code].sum += value
                sample[code].squares += value * value
            }
        }
        self.counts = Array(counts.prefix(grid.levelCount))
        self.sample = Array(sample.prefix(grid.levelCount))
        sampleSquares = sample.reduce(0) { $0 + $1.squares }
    }

    /// The code whose value is exactly zero, if there is one.
    var zeroCode: Int? { grid.levels.firstIndex(of: 0) }

    /// The deviation of the quantized deltas, with n - 1 as the public code has it.
    var quantizedDeviation: Double {
        let levels = grid.levels.map { Double($0) }
        guard elementCount > 1 else { return 0 }
        let sum = zip(levels, counts).reduce(0) { $0 + $1.0 * Double($1.1) }
        let mean = sum / Double(elementCount)
        let squares = zip(levels, counts).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * Double($1.1) }
        return (squares / Double(elementCount - 1)).squareRoot()
    }

    /// How many elements of each code are kept at a rate: n - round(n r), with r the rate that is still to reach on top of the zeros.
    ///
    /// Zeros add nothing, so none of them is kept, whatever the rate.
    func kept(rate: Double) -> [Int] {
        let zeros = zeroCode.map { Double(counts[$0]) / Double(elementCount) } ?? 0
        let share = zeros < 1 ? max(0, (rate - zeros) / (1 - zeros)) : 1
        var kept = counts.map { $0 - Int((Double($0) * share).rounded(.toNearestOrEven)) }
        if let zeroCode { kept[zeroCode] = 0 }
        return kept
    }

    /// The expected |D_hat - D|^2 / |D|^2.
    ///
    /// - Parameters:
    ///   - shares: for each code the share of its elements that is kept.
    ///   - factor: what kept values are multiplied with.
    func noise(shares: [Double], factor: Double) -> Double {
        guard sampleSquares > 0 else { return 0 }
        var error = 0.0
        for (code, level) in grid.levels.enumerated() {
            let value = factor * Double(level)
            let part = sample[code]
            let ofKept = part.count * value * value - 2 * value * part.sum + part.squares
            error += shares[code] * ofKept + (1 - shares[code]) * part.squares
        }
        return error / sampleSquares
    }
}
