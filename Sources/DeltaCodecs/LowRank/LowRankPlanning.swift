internal import DeltaicCore
internal import Foundation

/// Chooses ranks of tensors for a goal.
struct LowRankPlanning {
    private let tensors: [any DeltaSource]
    private let settings: LowRankPart.Settings
    private let sizes: [LowRankSize]

    init(_ tensors: [any DeltaSource], settings: LowRankPart.Settings) {
        self.tensors = tensors
        self.settings = settings
        sizes = tensors.map { LowRankSize(rows: $0.rows, columns: $0.columns, type: $0.type) }
    }

    private func bits(_ index: Int, rank: Int) -> Double {
        tensors[index].statistics.isZero
            ? 0 : sizes[index].expectedBits(rank: rank, bits: settings.bits, group: settings.group)
    }

    /// The ranks with which every tensor takes about the same bits for a weight: what rounding down leaves goes to
    /// the next tensors.
    ///
    /// - Throws: `.unreachable` if not even one direction of one tensor fits.
    func ranks(meanBits: Double) throws(DeltaicError) -> [Int] {
        var left = 0.0
        var ranks = [Int](repeating: 0, count: tensors.count)
        for (index, tensor) in tensors.enumerated() {
            left += meanBits * Double(tensor.elementCount)
            guard !tensor.statistics.isZero else { continue }
            ranks[index] = sizes[index].rank(bits: settings.bits, group: settings.group, atMost: left)
            left -= bits(index, rank: ranks[index])
        }
        // What is still left: one direction more where it fits.
        for (index, tensor) in tensors.enumerated()
        where !tensor.statistics.isZero && ranks[index] < min(tensor.rows, tensor.columns) {
            let extra = bits(index, rank: ranks[index] + 1) - bits(index, rank: ranks[index])
            if extra <= left {
                ranks[index] += 1
                left -= extra
            }
        }
        if ranks.allSatisfy({ $0 == 0 }), tensors.contains(where: { !$0.statistics.isZero }) {
            let least =
                tensors.indices.filter { !tensors[$0].statistics.isZero }.map {
                    bits($0, rank: 1)
                }.min() ?? 0
            let weights = tensors.reduce(0) { $0 + $1.elementCount }
            throw DeltaicError(
                .unreachable, "not one singular direction fits into so few bits",
                expected: String(format: "at least %.5f bits for a weight", least / Double(max(1, weights))),
                found: String(format: "%.5f", meanBits),
                advice: "ask for a smaller ratio, for fewer bits of the factors, or use seeded-sign")
        }
        return ranks
    }

    struct Choice {
        let tensor: any DeltaSource
        let rank: Int
        let noise: Double
    }

    /// The ranks with which the error is at most `error`, and few bits are taken: over all tensors the directions are kept of
    /// which a bit takes away the most squares.
    ///
    /// Takes the singular values of every tensor: about as long as encoding.
    /// - Throws: `.unreachable` if rounding the factors alone costs more; what reading throws.
    func plan(relativeError error: Double) throws(DeltaicError) -> [Choice] {
        LinearAlgebraThreads.limitToOne
        let loss = LowRankPart.loss(bits: settings.bits)
        let allowed = error * error * tensors.reduce(0) { $0 + $1.statistics.weightSquareSum }
        var directions: [(worth: Double, squares: Double, tensor: Int)] = []
        for (index, tensor) in tensors.enumerated() where !tensor.statistics.isZero {
            let cost = Double((tensor.rows + tensor.columns) * settings.bits + LowRankSize.bitsPerDirection)
            for value in try SingularValues.values(of: try tensor.matrix()) {
                let squares = Double(value) * Double(value)
                directions.append((squares / cost, squares, index))
            }
        }
        directions.sort { ($1.worth, $0.tensor) < ($0.worth, $1.tensor) }
        var left = tensors.reduce(0) { $0 + $1.statistics.squareSum }
        let total = left
        var ranks = [Int](repeating: 0, count: tensors.count)
        var noise = tensors.map(\.statistics.squareSum)
        for direction in directions {
            guard left > allowed else { break }
            ranks[direction.tensor] += 1
            left -= direction.squares * (1 - loss)
            noise[direction.tensor] -= direction.squares * (1 - loss)
        }
        guard left <= allowed * (1 + 1e-9) else {
            throw DeltaicError(
                .unreachable, "factors of \(settings.bits) bits cannot come so near",
                expected: String(format: "an error of at least %.5f", error * (loss * total / allowed).squareRoot()),
                found: String(format: "%.5f", error),
                advice: settings.bits < 16
                    ? "set more bits for the factors, or use another codec" : "keep the tensors exactly")
        }
        return tensors.indices.map { index in
            let squares = tensors[index].statistics.squareSum
            return Choice(
                tensor: tensors[index], rank: ranks[index],
                noise: squares > 0 ? max(0, noise[index] / squares) : 0)
        }
    }
}
