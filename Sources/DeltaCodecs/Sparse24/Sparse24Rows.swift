internal import DeltaicCore
internal import Kernels

/// Gives the groups of four columns of a tensor, quantised, whatever chunks cut through.
protocol Sparse24Rows {
    var exponent: Int { get }
    func scale(ofRow row: Int) -> UInt16
    /// The pattern of a group and its two codes.
    func group(_ group: Int, ofRow row: Int) -> (pattern: UInt8, first: UInt8, second: UInt8)
}

extension Sparse24Rows {
    func content(_ context: TermContext, bits: Int) -> Sparse24Term.Content {
        var content = Sparse24Term.Content(bits: bits, exponent: exponent)
        for row in context.rows {
            content.scales.append(scale(ofRow: row))
            for group in Sparse24Term.groups(ofRow: row, context) {
                let (pattern, first, second) = self.group(group, ofRow: row)
                content.patterns.append(pattern)
                content.codes.append(first)
                content.codes.append(second)
            }
        }
        return content
    }
}

/// The scales of plain rounding: from the largest magnitude of each row.
struct Sparse24Scales {
    let bits: Int
    let exponent: Int
    let words: [UInt16]
    let levels: [QuantizationLevel]

    init(_ tensor: any DeltaSource, bits: Int) throws(DeltaicError) {
        var largest = [Float](repeating: 0, count: tensor.rows)
        for position in 0..<tensor.chunkCount {
            let delta = try tensor.chunk(position).delta
            let context = tensor.termContext(position)
            for row in context.rows {
                for index in context.elements(ofRow: row) { largest[row] = max(largest[row], delta[index].magnitude) }
            }
        }
        try self.init(largest: largest, bits: bits)
    }

    /// - Parameter largest: magnitudes of the rows.
    init(largest: [Float], bits: Int) throws(DeltaicError) {
        self.bits = bits
        let quantizer = try AffineQuantizer(
            grid: .symmetric(bits: bits), fitting: Matrix(rows: 1, columns: largest.count, values: largest))
        var holder = quantizer.empty(rows: largest.count, columns: 1)
        levels = largest.indices.map {
            quantizer.setLevel(of: $0, least: -largest[$0], most: largest[$0], in: &holder)
        }
        exponent = quantizer.scaleExponent
        words = holder.scales
    }
}

/// Plain rounding: the two larger magnitudes of four, of equal ones the first.
struct PlainSparse24Rows: Sparse24Rows {
    let scales: Sparse24Scales
    let columns: Int
    /// A run of the tensor's elements, and the position of its first: three more on either side than the groups' chunk has.
    let values: [Float]
    let firstElement: Int

    var exponent: Int { scales.exponent }
    func scale(ofRow row: Int) -> UInt16 { scales.words[row] }

    func group(_ group: Int, ofRow row: Int) -> (pattern: UInt8, first: UInt8, second: UInt8) {
        let start = row * columns + 4 * group - firstElement
        let count = min(4, columns - 4 * group)
        // Less than any other for columns that there are not.
        var sizes = SIMD4<Float>(repeating: -1)
        for lane in 0..<count { sizes[lane] = values[start + lane].magnitude }
        var first = 0
        for lane in 1..<4 where sizes[lane] > sizes[first] { first = lane }
        var second = first == 0 ? 1 : 0
        for lane in 0..<4 where lane != first && sizes[lane] > sizes[second] { second = lane }
        let level = scales.levels[row]
        func code(_ lane: Int) -> UInt8 { lane < count ? level.code(values[start + lane]) : UInt8(level.zero) }
        let (low, high) = (min(first, second), max(first, second))
        return (Sparse24Pattern.of(low, high), code(low), code(high))
    }
}

/// What SparseGPT made of a whole tensor.
struct CompensatedSparse24Rows: Sparse24Rows {
    let result: SparseQuantizedMatrix

    var exponent: Int { result.matrix.scaleExponent }
    func scale(ofRow row: Int) -> UInt16 { result.matrix.scales[row] }

    func group(_ group: Int, ofRow row: Int) -> (pattern: UInt8, first: UInt8, second: UInt8) {
        let columns = result.matrix.columns
        let mask = result.masks[row * result.masksPerRow + group]
        let count = min(4, columns - 4 * group)
        // A last group of one column is filled up with one that there is not.
        var lanes = (0..<4).filter { mask >> UInt8($0) & 1 == 1 }
        for lane in count..<4 where lanes.count < 2 { lanes.append(lane) }
        for lane in 0..<4 where lanes.count < 2 && !lanes.contains(lane) { lanes.append(lane) }
        lanes.sort()
        func code(_ lane: Int) -> UInt8 {
            lane < count ? result.matrix.codes[row * columns + 4 * group + lane] : result.matrix.grid.middle
        }
        return (Sparse24Pattern.of(lanes[0], lanes[1]), code(lanes[0]), code(lanes[1]))
    }
}

enum Sparse24Pattern {
    /// The number of the pattern that keeps two lanes, the lower first.
    static func of(_ low: Int, _ high: Int) -> UInt8 {
        // 01 02 03 12 13 23.
        UInt8(low == 0 ? high - 1 : low + high)
    }
}
