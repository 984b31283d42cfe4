internal import CKernels

/// Finds, block by block, the codeword of a biorthogonal code that lies nearest to the direction of the values.
///
/// A block has L = 2^e values x. The codewords are the rows of the L x L Walsh-Hadamard matrix and their negatives, each also
/// multiplied element by element with one of 2^t masks of signs: 2^(e + 1 + t) in all. The fast transform gives the products of x
/// with L of them in e additions for each value.
public struct HadamardSearch: Sendable {
    public let exponent: Int
    public let maskBits: Int
    /// `masks[m * L + i]` is 1 or -1; those of mask 0 are all 1.
    private let masks: [Float]

    /// - Parameters:
    ///   - exponent: e, 0 to 12.
    ///   - masks: for each mask but the first, L bits, a set bit for -1, in words of 32, lowest bit first.
    public init(exponent: Int, masks: [[UInt32]]) {
        self.exponent = exponent
        let length = 1 << exponent
        var signs = [Float](repeating: 1, count: length)
        for mask in masks {
            for index in 0..<length { signs.append((mask[index >> 5] >> UInt32(index & 31)) & 1 == 0 ? 1 : -1) }
        }
        self.masks = signs
        maskBits = (masks.count + 1).trailingZeroBitCount
    }

    public var length: Int { 1 << exponent }
    /// The bits of a codeword's number.
    public var codeBits: Int { exponent + 1 + maskBits }

    /// Searches all blocks of `values`, the last filled up with zeros.
    ///
    /// - Parameters:
    ///   - codes: receives for each block mask * 2L + row * 2 + (1 if negated).
    /// - Returns: the sum over the blocks of the product of block and codeword, which is never negative.
    public func search(_ values: UnsafeBufferPointer<Float>, codes: inout [UInt32]) -> Double {
        codes.reserveCapacity(codes.count + (values.count + length - 1) / length)
        guard VectorInstructions.areUsed else { return portableSearch(values, codes: &codes) }
        // Eight blocks at a time, one to a lane.
        let whole = values.count / (8 * length) * (8 * length)
        var sum = 0.0
        withUnsafeTemporaryAllocation(byteCount: 64 * length, alignment: 32) { work in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 8) { best in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8) { found in
                    for start in stride(from: 0, to: whole, by: 8 * length) {
                        deltaic_hadamard_search(
                            values.baseAddress.map { $0 + start }, UInt32(exponent), masks, UInt32(1 << maskBits),
                            work.assumingMemoryBound(to: Float.self).baseAddress, best.baseAddress, found.baseAddress)
                        codes.append(contentsOf: found)
                        for product in best { sum += Double(product) }
                    }
                }
            }
        }
        return portableSearch(UnsafeBufferPointer(rebasing: values[whole...]), codes: &codes, sum: sum)
    }

    func portableSearch(
        _ values: UnsafeBufferPointer<Float>, codes: inout [UInt32], sum: Double = 0
    ) -> Double {
        let blocks = (values.count + length - 1) / length
        var sum = sum
        // Sixteen blocks at a time, one to a lane.
        withUnsafeTemporaryAllocation(of: SIMD16<Float>.self, capacity: length) { lanes in
            withUnsafeTemporaryAllocation(of: SIMD16<Float>.self, capacity: length) { work in
                for first in stride(from: 0, to: blocks, by: 16) {
                    load(values, firstBlock: first, into: lanes)
                    let (best, code) = search(lanes, work)
                    for lane in 0..<min(16, blocks - first) {
                        codes.append(code[lane])
                        sum += Double(best[lane])
                    }
                }
            }
        }
        return sum
    }

    private func load(
        _ values: UnsafeBufferPointer<Float>, firstBlock: Int, into lanes: UnsafeMutableBufferPointer<SIMD16<Float>>
    ) {
        let target = UnsafeMutableRawBufferPointer(lanes).assumingMemoryBound(to: Float.self)
        for lane in 0..<16 {
            let start = (firstBlock + lane) * length
            let count = max(0, min(length, values.count - start))
            for index in 0..<count { target[16 * index + lane] = values[start + index] }
            for index in count..<length { target[16 * index + lane] = 0 }
        }
    }

    private func search(
        _ lanes: UnsafeMutableBufferPointer<SIMD16<Float>>, _ work: UnsafeMutableBufferPointer<SIMD16<Float>>
    ) -> (SIMD16<Float>, SIMD16<UInt32>) {
        var best = SIMD16<Float>(repeating: -1)
        var code = SIMD16<UInt32>(repeating: 0)
        masks.withUnsafeBufferPointer { masks in
            for mask in 0..<1 << maskBits {
                let signs = masks.baseAddress.map { $0 + mask * length }
                if let signs, mask > 0 {
                    for index in 0..<length { work[index] = lanes[index] * signs[index] }
                } else {
                    for index in 0..<length { work[index] = lanes[index] }
                }
                Self.transform(work, length: length)
                for row in 0..<length {
                    let product = work[row]
                    let bits = unsafeBitCast(product, to: SIMD16<UInt32>.self)
                    let magnitude = unsafeBitCast(bits & 0x7fff_ffff, to: SIMD16<Float>.self)
                    let isBetter = magnitude .> best
                    best.replace(with: magnitude, where: isBetter)
                    let number = UInt32(truncatingIfNeeded: (mask << (exponent + 1)) | (row << 1))
                    code.replace(with: (bits &>> 31) | SIMD16(repeating: number), where: isBetter)
                }
            }
        }
        return (best, code)
    }

    /// The Walsh-Hadamard transform in place, in natural order, not normalised.
    @inline(__always)
    private static func transform(_ values: UnsafeMutableBufferPointer<SIMD16<Float>>, length: Int) {
        var half = 1
        while half < length {
            var start = 0
            while start < length {
                for index in start..<start + half {
                    let (a, b) = (values[index], values[index + half])
                    values[index] = a + b
                    values[index + half] = a - b
                }
                start += 2 * half
            }
            half *= 2
        }
    }
}
