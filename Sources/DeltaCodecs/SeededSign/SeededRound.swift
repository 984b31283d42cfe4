internal import DeltaicCore
internal import Kernels

/// One layer of directions over a whole tensor, before its amplitudes are final.
struct SeededRound {
    let key: UInt64
    private let rowLevels: [UInt8]
    private var levels: [SeededLevel]
    private var searches: [HadamardSearch?]
    /// By level: the sum of d^2, the elements, and the sum over blocks of |<d, direction>|.
    private var squares: [Double]
    private var elements: [Double]
    private var products: [Double]
    private var chunkCodes: [[UInt8]] = []

    init(key: UInt64, allocation: LevelAllocation) {
        self.key = key
        rowLevels = allocation.rowLevels
        levels = allocation.points.map { SeededLevel(point: $0, amplitude: 0) }
        searches = allocation.points.map { point in
            point.map {
                HadamardSearch(
                    exponent: $0.exponent,
                    masks: SeededCodebook.masks(exponent: $0.exponent, maskBits: $0.maskBits))
            }
        }
        squares = Array(repeating: 0, count: levels.count)
        elements = squares
        products = squares
    }

    /// Searches the directions of the next chunk.
    mutating func encode(_ delta: [Float], context: TermContext) {
        let layout = LevelLayout(context: context, rowLevels: levelsOfRows(context), levelCount: levels.count)
        var packer = BitPacker()
        for (number, level) in levels.enumerated() where layout.counts[number] > 0 {
            guard let point = level.point, let search = searches[number] else { continue }
            var values = [Float](unsafeUninitializedCapacity: layout.counts[number]) { buffer, filled in
                delta.withUnsafeBufferPointer { delta in
                    for run in layout.runs[number] {
                        _ = UnsafeMutableBufferPointer(rebasing: buffer[run.position...]).update(
                            fromContentsOf: delta[run.elements])
                    }
                }
                filled = layout.counts[number]
            }
            if level.rotation > 0 {
                let signs = SeededCodebook.flips(
                    key: key, level: number, firstElement: context.firstElement, count: values.count,
                    beforeRotation: true)
                values.withUnsafeMutableBufferPointer { values in
                    signs.withUnsafeBufferPointer { HadamardSigns.apply($0, from: 0, to: values) }
                    HadamardRotation.apply(values, exponent: level.rotation)
                }
            }
            let flips = SeededCodebook.flips(
                key: key, level: number, firstElement: context.firstElement, count: values.count)
            values.withUnsafeMutableBufferPointer { values in
                flips.withUnsafeBufferPointer { HadamardSigns.apply($0, from: 0, to: values) }
            }
            var codes: [UInt32] = []
            values.withUnsafeBufferPointer { values in
                products[number] += search.search(values, codes: &codes)
                squares[number] += SquareSum.of(values) / Double(1 << level.rotation)
            }
            elements[number] += Double(values.count)
            for code in codes { packer.append(UInt64(code), bits: point.codeBits) }
        }
        chunkCodes.append(packer.finish())
    }

    /// Gives every level the amplitude with the least squared error: what the next round's residual is taken from.
    mutating func setLeastSquaresAmplitudes() {
        for level in levels.indices where elements[level] > 0 {
            // A rotated direction is longer than one of signs.
            let squaredLength = elements[level] * Double(1 << levels[level].rotation)
            levels[level].amplitude = Float(products[level] / squaredLength)
        }
    }

    /// Gives every level the amplitude that keeps the projection on the delta: <D_hat, D> = gain * <D, D>, level by level.
    mutating func setUnbiasedAmplitudes(gain: Double) {
        for level in levels.indices where products[level] > 0 {
            levels[level].amplitude = Float(gain * squares[level] / products[level])
        }
    }

    mutating func scaleAmplitudes(by factor: Double) {
        for level in levels.indices { levels[level].amplitude = Float(Double(levels[level].amplitude) * factor) }
    }

    /// The least-squares amplitudes' share of <D_hat, D>.
    var product: Double {
        zip(levels, products).reduce(0) { $0 + Double($1.0.amplitude) * $1.1 }
    }

    /// The term of a chunk that was encoded.
    func term(_ position: Int, context: TermContext, coder: any StreamCoder) throws(DeltaicError) -> LossyTerm {

        return try SeededSignTerm.encode(
            key: key, levels: levels, rowLevels: levelsOfRows(context), codes: chunkCodes[position], coder: coder)
    }

    private func levelsOfRows(_ context: TermContext) -> [UInt8] {
        Array(rowLevels[context.rows])
    }
}
