internal import Kernels

/// The random words of seeded-sign: signs of elements, and the masks that multiply the code.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 12.
enum SeededCodebook {
    static let exponentLimit = 12
    static let maskBitsLimit = 4
    private static let maskDomain: UInt32 = 0x0010_0000
    private static let flipDomain: UInt32 = 0x0011_0000
    private static let rotationDomain: UInt32 = 0x0012_0000

    /// Mask m (1 and up) for blocks of 2^exponent: words of 32 signs.
    static func mask(_ number: Int, exponent: Int) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: max(1, (1 << exponent) / 32))
        let generator = CounterGenerator(key: 0, domain: maskDomain | UInt32(number))
        words.withUnsafeMutableBufferPointer { generator.fill($0, fromBlock: 0) }
        return words
    }

    static func masks(exponent: Int, maskBits: Int) -> [[UInt32]] {
        (1..<1 << maskBits).map { mask($0, exponent: exponent) }
    }

    /// The signs that the values of a level are multiplied with, 32 to a word: before blocks are cut, or before a rotation.
    ///
    /// - Parameters:
    ///   - firstElement: the position of the chunk's first element in its tensor.
    ///   - count: the values of the level in the chunk.
    static func flips(
        key: UInt64, level: Int, firstElement: Int, count: Int, beforeRotation: Bool = false
    ) -> [UInt32] {
        let words = (count + 31) / 32
        let generator = CounterGenerator(
            key: key, domain: (beforeRotation ? rotationDomain : flipDomain) | UInt32(level))
        // Chunks begin at multiples of 128 elements: 2^19 or 2^20 of them.
        return [UInt32](unsafeUninitializedCapacity: words) { buffer, filled in
            generator.fill(
                UnsafeMutableBufferPointer(rebasing: buffer[..<words]), fromBlock: UInt64(firstElement / 128))
            filled = words
        }
    }
}
