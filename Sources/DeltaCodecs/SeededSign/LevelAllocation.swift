internal import Foundation
internal import Kernels

/// Which rows of a tensor get how many bits: rows are put into classes of similar size, and bits go where they take the most noise
/// away, as in reverse water-filling (Cover and Thomas, "Elements of Information Theory", section 10.3.3).
struct LevelAllocation: Sendable {
    /// The level of each row.
    private(set) var rowLevels: [UInt8] = []
    private(set) var points: [RatePoint?] = []
    /// The expected sum of squared errors of the unbiased reconstruction.
    private(set) var expectedError = Double.infinity

    /// A row that gets no bit loses all of its delta, in which every layer and input agree: that hurts more than noise of the same
    /// size, which averages out.
    private static let costOfNothing = 1000.0
    private static let cheapScales = 0.06

    /// - Parameters:
    ///   - rowSquares: the sum of squares of each row.
    ///   - columns: the elements of a row.
    ///   - budget: bits for directions, levels and their tables.
    ///   - chunks: how often the table of levels is stored.
    init(rowSquares: [Double], columns: Int, budget: Double, chunks: Int) {
        for step in [0.25, 0.5, 1, 0] {
            let classes = RowClasses(rowSquares: rowSquares, columns: columns, step: step)
            let candidate = LevelAllocation(classes: classes, budget: budget, chunks: chunks)
            if candidate.expectedError < expectedError { self = candidate }
            // Rows of other sizes in a block make errors that they share: where scales cost little, narrow classes stay.
            if candidate.expectedError.isFinite, classes.entropy(chunks: chunks) < Self.cheapScales * budget { break }
        }
    }

    private init(classes: RowClasses, budget: Double, chunks: Int) {
        let tableBits = Double(chunks * 8 * SeededLevel.storedBytes * (classes.members.count + 1))
        let left = budget - classes.entropy(chunks: chunks) - tableBits
        guard left > 0 else { return }
        var points = Self.choose(classes, budget: left)
        var rest = left - zip(classes.members, points).reduce(0) { $0 + $1.0.elements * ($1.1?.bitsPerWeight ?? 0) }
        // What is left over goes into better points, class by class, for the last one only for some of its rows.
        var split: (member: Int, point: RatePoint, share: Double)?
        while let step = Self.bestStep(classes, points), rest > 0 {
            if step.bits <= rest {
                points[step.member] = step.point
                rest -= step.bits
            } else {
                let rows = Double(classes.members[step.member].rows.count)
                let part = (rest / step.bits * rows).rounded(.down) / rows
                if part > 0 { split = (step.member, step.point, part) }
                break
            }
        }
        var chosen: [[(point: RatePoint?, share: Double)]] = points.map { [($0, 1)] }
        if let split {
            chosen[split.member] = [(split.point, split.share), (points[split.member], 1 - split.share)]
        }
        var error = 0.0
        var levels: [RatePoint?] = []
        var rowLevels = [UInt8](repeating: 0, count: classes.rowCount)
        for (member, parts) in zip(classes.members, chosen) {
            var row = 0
            for (position, part) in parts.enumerated() {
                let (point, share) = part
                let end =
                    position == parts.count - 1
                    ? member.rows.count : Int((share * Double(member.rows.count)).rounded())
                for index in row..<end { rowLevels[member.rows[index]] = UInt8(levels.count) }
                error += member.error(at: point, costOfNothing: Self.costOfNothing) * share
                levels.append(point)
                row = end
            }
        }
        self.rowLevels = rowLevels
        self.points = levels
        expectedError = error
    }

    /// The class that gains most for its bits from the next better point.
    private static func bestStep(
        _ classes: RowClasses, _ points: [RatePoint?]
    ) -> (member: Int, point: RatePoint, bits: Double)? {
        var best: (member: Int, point: RatePoint, bits: Double)?
        var bestGain = 0.0
        for (index, member) in classes.members.enumerated() where member.squares > 0 {
            let next = points[index].map { point in RatePoint.menu.lastIndex { $0.bitsPerWeight > point.bitsPerWeight }
            }
            guard let position = next ?? RatePoint.menu.count - 1 else { continue }
            let point = RatePoint.menu[position]
            let bits = member.elements * (point.bitsPerWeight - (points[index]?.bitsPerWeight ?? 0))
            let gain =
                (member.error(at: points[index], costOfNothing: costOfNothing)
                    - member.error(at: point, costOfNothing: costOfNothing)) / bits
            if gain > bestGain { (best, bestGain) = ((index, point, bits), gain) }
        }
        return best
    }

    /// The best points at most `budget` bits, by bisection of the price of a bit.
    private static func choose(_ classes: RowClasses, budget: Double) -> [RatePoint?] {
        func choice(_ price: Double) -> (points: [RatePoint?], bits: Double) {
            var bits = 0.0
            let points = classes.members.map { member -> RatePoint? in
                var best: RatePoint?
                var bestCost = member.error(at: nil, costOfNothing: costOfNothing)
                for point in RatePoint.menu {
                    let cost =
                        member.error(at: point, costOfNothing: costOfNothing)
                        + price * point.bitsPerWeight * member.elements
                    if cost < bestCost { (best, bestCost) = (point, cost) }
                }
                bits += (best?.bitsPerWeight ?? 0) * member.elements
                return best
            }
            return (points, bits)
        }
        let total = classes.members.reduce(0) { $0 + $1.squares }
        let elements = max(1, classes.members.reduce(0) { $0 + $1.elements })
        var (low, high) = (1e-9 * total / elements, 1e9 * total / elements)
        guard low > 0 else { return classes.members.map { _ in nil } }
        for _ in 0..<60 {
            let middle = (low * high).squareRoot()
            if choice(middle).bits > budget { low = middle } else { high = middle }
        }
        return choice(high).points
    }
}

/// Rows of similar root mean square.
private struct RowClasses {
    struct Member {
        var rows: [Int] = []
        var elements = 0.0
        var squares = 0.0
        /// The sum over rows of the root of the row's sum of squares.
        var roots = 0.0

        /// How well one amplitude fits all rows: 1 if they are of one size.
        var evenness: Double { squares > 0 ? min(1, roots * roots / (Double(rows.count) * squares)) : 1 }

        func error(at point: RatePoint?, costOfNothing: Double) -> Double {
            guard let point else { return squares * costOfNothing }
            return squares * (1 / (point.squaredCorrelation * evenness) - 1)
        }
    }

    private(set) var members: [Member] = []
    let rowCount: Int

    /// - Parameter step: the width of a class, in powers of two of the root mean square; 0 for one class.
    init(rowSquares: [Double], columns: Int, step: Double) {
        rowCount = rowSquares.count
        let largest = rowSquares.max() ?? 0
        var byNumber: [Int: Member] = [:]
        for (row, squares) in rowSquares.enumerated() {
            var number = 0
            if squares <= 0 {
                number = .max
            } else if step > 0 {
                number = Int(min(14, max(0, (0.5 * log2(largest / squares) / step).rounded())))
            }
            byNumber[number, default: Member()].rows.append(row)
            byNumber[number]?.elements += Double(columns)
            byNumber[number]?.squares += squares
            byNumber[number]?.roots += squares.squareRoot()
        }
        members = byNumber.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The bits that it takes to say which row is in which class, the tables of the entropy coder included.
    func entropy(chunks: Int) -> Double {
        // Rows of one class may still be split in two.
        guard members.count > 1 else { return Double(chunks * 8 * 24) }
        let rows = Double(rowCount)
        let entropy = members.reduce(0) { $0 + Double($1.rows.count) * log2(rows / Double($1.rows.count)) }
        // Huffman codes take a bit a row at least.
        return max(entropy, rows) + Double(chunks * 8 * (members.count + 24))
    }
}
