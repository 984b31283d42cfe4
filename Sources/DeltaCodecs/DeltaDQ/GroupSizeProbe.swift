internal import DeltaicCore
internal import Kernels

/// Chooses the size of the groups that dropout works in, without data.
///
/// The paper takes the size with which the attention scores of a calibration set are nearest to those of the fine-tune. In place of the set there are eight seeded random
/// inputs here: with W some rows of the tensor and x the inputs, the scores are the products (W x_i) . (W x_j), and the error is the Frobenius norm of the change of their table. Candidates
/// are alpha, 2 alpha, 4 alpha, ... up to the length of a row; of equals the smallest is taken.
struct GroupSizeProbe {
    private let key: UInt64
    private let columns: Int
    /// The rows that are looked at: where they begin in the matrix, and their weights and deltas.
    private let rows: [(firstElement: Int, weights: [Float], delta: [Float])]
    /// Each input has a value for each column.
    private let inputs: [[Float]]
    /// For each input the rows' products with it.
    private let outputs: [[Double]]

    private static let elementLimit = 1 << 16
    private static let inputCount = 8
    private static let domain: UInt32 = 1 << 31 | DeltaDQTerm.domain

    /// Reads one chunk of the tensor, the middle one.
    ///
    /// - Throws: what reading throws.
    init(_ tensor: any DeltaSource) throws(DeltaicError) {
        let columns = tensor.columns
        self.columns = columns
        key = tensor.key
        let position = tensor.chunkCount / 2
        let chunk = try tensor.chunk(position)
        let range = tensor.elementRange(ofChunk: position)
        let context = TermContext(firstElement: range.lowerBound, count: range.count, columns: columns, base: [])
        var rows: [(firstElement: Int, weights: [Float], delta: [Float])] = []
        for row in context.rows.prefix(max(1, Self.elementLimit / columns)) {
            let elements = context.elements(ofRow: row)
            let delta = Array(chunk.delta[elements])
            let weights = zip(chunk.base[elements], delta).map { $0 + $1 }
            rows.append((range.lowerBound + elements.lowerBound, weights, delta))
        }
        self.rows = rows
        let generator = CounterGenerator(key: tensor.key, domain: Self.domain)
        let inputs: [[Float]] = (0..<Self.inputCount).map { input in
            (0..<min(columns, ChunkGrid.chunkBytes)).map { column in
                Self.nearlyNormal(generator.block(UInt64(input) << 32 | UInt64(column)))
            }
        }
        self.inputs = inputs
        outputs = inputs.map { input in
            rows.map { row in
                Self.product(row.weights, input, from: row.firstElement % columns, at: row.weights.indices)
            }
        }
    }

    /// The best size for an alpha.
    func group(alpha: Int) -> Int {
        var best = (group: alpha, error: Double.infinity)
        for group in Self.candidates(alpha: alpha, columns: columns) {
            let error = scoreError(group: group, alpha: alpha)
            if error < best.error { best = (group, error) }
        }
        return best.group
    }

    /// The multiples of alpha by powers of two up to the length of a row; alpha alone where it is longer.
    static func candidates(alpha: Int, columns: Int) -> [Int] {
        var groups = [alpha]
        while let last = groups.last, 2 * last <= min(columns, GroupMask.groupLimit) { groups.append(2 * last) }
        return groups
    }

    /// The Frobenius norm of the change of the scores.
    func scoreError(group: Int, alpha: Int) -> Double {
        let mask = GroupMask(
            key: key, domain: DeltaDQTerm.domain, columns: columns, group: group, alpha: alpha)
        var changed = outputs
        for (index, row) in rows.enumerated() {
            let kept = mask.positions(in: row.firstElement..<row.firstElement + row.delta.count)
            let first = row.firstElement % columns
            var change = row.delta.map { -$0 }
            for position in kept {
                let column = first + Int(position)
                let length = column >= mask.shortStart ? columns - mask.shortStart : group
                let factor = Float(length) / Float(max(1, GroupMask.kept(of: length, alpha: alpha)))
                change[Int(position)] += row.delta[Int(position)] * factor
            }
            for input in inputs.indices {
                changed[input][index] += Self.product(change, inputs[input], from: first, at: change.indices)
            }
        }
        var squares = 0.0
        for first in inputs.indices {
            for second in inputs.indices {
                let was = zip(outputs[first], outputs[second]).reduce(0) { $0 + $1.0 * $1.1 }
                let now = zip(changed[first], changed[second]).reduce(0) { $0 + $1.0 * $1.1 }
                squares += (now - was) * (now - was)
            }
        }
        return squares.squareRoot()
    }

    private static func product(_ row: [Float], _ input: [Float], from column: Int, at range: Range<Int>) -> Double {
        var sum = 0.0
        for index in range where column + index < input.count {
            sum += Double(row[index]) * Double(input[column + index])
        }
        return sum
    }

    /// The sum of eight uniform numbers, with mean 0 and variance 1.
    private static func nearlyNormal(_ block: SIMD4<UInt32>) -> Float {
        var sum: UInt32 = 0
        for lane in 0..<4 { sum += block[lane] & 0xffff + block[lane] >> 16 }
        let centred = (Double(sum) - 4 * 65535) / 65536
        return Float(centred / (8.0 / 12).squareRoot())
    }
}
