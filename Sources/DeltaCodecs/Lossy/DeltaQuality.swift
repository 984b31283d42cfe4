public import DeltaicCore
public import Kernels

extension DeltaQuality {
    /// Adds a chunk.
    ///
    /// - Parameter reconstructed: the words that decoding gives, at least as many as the chunk has shared elements.
    public mutating func add(_ chunk: DeltaChunk, reconstructed: [UInt8], format: FloatFormat) {
        let values = format.values(of: reconstructed)
        precondition(values.count >= chunk.delta.count)
        let part = chunk.base.withUnsafeBufferPointer { base in
            chunk.delta.withUnsafeBufferPointer { delta in
                values.withUnsafeBufferPointer { found in
                    ErrorSums(
                        base: base, delta: delta, found: UnsafeBufferPointer(rebasing: found[..<delta.count]))
                }
            }
        }
        var sum = DeltaQuality()
        sum.count = chunk.delta.count
        sum.changed = part.changed
        sum.sameSign = part.sameSign
        sum.deltaSquares = part.deltaSquares
        sum.reconstructedSquares = part.reconstructedSquares
        sum.product = part.product
        sum.weightSquares = part.weightSquares
        sum.errorSquares = part.errorSquares
        add(sum)
    }
}
