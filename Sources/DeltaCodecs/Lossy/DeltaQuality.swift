public import DeltaicCore
public import Kernels

extension DeltaQuality {
    /// Adds a chunk.
    ///
    /// - Parameter reconstructed: the words that decoding gives, at least as many as the chunk has shared elements.
    public mutating func add(_ chunk: DeltaChunk, reconstructed: [UInt8], format: FloatFormat) {
        let values = format.values(of: reconstructed)
        var sum = DeltaQuality()
        for index in chunk.delta.indices {
            let base = Double(chunk.base[index])
            let delta = Double(chunk.delta[index])
            let found = Double(values[index]) - base
            sum.changed += delta != 0 ? 1 : 0
            sum.sameSign += delta * found > 0 ? 1 : 0
            sum.deltaSquares += delta * delta
            sum.reconstructedSquares += found * found
            sum.product += delta * found
            sum.weightSquares += (base + delta) * (base + delta)
            sum.errorSquares += (found - delta) * (found - delta)
        }
        sum.count = chunk.delta.count
        add(sum)
    }
}
