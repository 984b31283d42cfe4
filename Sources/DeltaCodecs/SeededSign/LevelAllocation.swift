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
            if candidate.expectedError.isFinite, classes.entropy < Self.cheapScales * budget { break }
        }
    }

    private init(classes: RowClasses, budget: Double, chunks: Int) {
        let tableBits = Double(chunks * 8 * SeededLevel.storedBytes * (classes.members.count + 1))
        let left = budget - classes.entropy - tableBits
        guard left > 0 else { return }
        let under = Self.choose(classes, budget: left)
        var chosen = under.map { [($0, 1.0)] }
        // What is left over goes into better points for some rows of one class.
        var rest = left - zip(classes.members, under).reduce(0) { $0 + $1.0.elements * ($1.1?.bitsPerWeight ?? 0) }
        let order = classes.members.indices.sorted { classes.members[$0].squares > classes.members[$1].squares }
        for index in order {
            let point = under[index]
            guard let better = Self.next(after: point) else { continue }
            let extra = classes.members[index].elements * (better.bitsPerWeight - (point?.bitsPerWeight ?? 0))
            guard extra > 0, rest > 0 else { continue }
            let share = min(1, rest / extra)
            let rows = (share * Double(classes.members[index].rows.count)).rounded(.down)
            guard rows > 0 else { continue }
            let part = rows / Double(classes.members[index].rows.count)
            chosen[index] = part < 1 ? [(better, part), (point, 1 - part)] : [(better, 1)]
            rest -= extra * part
            if part < 1 { break }
        }
        var error = 0.0
        var levels: [RatePoint?] = []
        var rowLevels = [UInt8](repeating: 0, count: classes.rowCount)
        for (member, parts) in zip(classes.members, chosen) {
            var row = 0
            for (position, (point, share)) in parts.enumerated() {
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
        points = levels
        expectedError = error
    }

    private static func next(after point: RatePoint?) -> RatePoint? {
        guard let point else { return RatePoint.menu.last }
        guard let index = RatePoint.menu.firstIndex(of: point), index > 0 else { return nil }
        return RatePoint.menu[index - 1]
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
    /// The bits that it takes to say which row is in which class.
    let entropy: Double

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
                number = min(14, Int((0.5 * log2(largest / squares) / step).rounded()))
            }
            byNumber[number, default: Member()].rows.append(row)
            byNumber[number]?.elements += Double(columns)
            byNumber[number]?.squares += squares
            byNumber[number]?.roots += squares.squareRoot()
        }
        members = byNumber.sorted { $0.key < $1.key }.map(\.value)
        let rows = Double(rowSquares.count)
        entropy =
            members.count < 2
            ? 0
            : members.reduce(0) { $0 + Double($1.rows.count) * log2(rows / Double($1.rows.count)) }
                // Tables of the entropy coder.
                + 8 * Double(members.count + 6)
    }
}
