public import DeltaicCore

/// Low-rank deltas: the largest singular directions, quantised, alone or on top of another codec.
///
/// With second moments of the layers' inputs the directions are those of the inputs' eigenspace (EoRA, arXiv 2410.21271).
public struct LowRankMethod: LossyMethod {
    public static var id: CodecID { .lowRank }
    public static let summary = "singular directions, quantised; alone or to make up for another codec's errors"

    /// Whether second moments are used.
    enum Weighting: String, CaseIterable {
        /// Where there are any.
        case auto
        case off
    }

    private let rank: Int?
    private let settings: LowRankPart.Settings
    private let after: (any LossyMethod)?
    /// The part of the bits that the factors get when another codec comes first.
    private let share: Double

    static let defaultRank = 16
    static let rankRange = 1...65_536

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {
        rank = try settings.integer("rank", in: Self.rankRange)
        let bits = try settings.integer("bits", in: 2...16) ?? 4
        guard [2, 3, 4, 8, 16].contains(bits) else {
            throw DeltaicError(
                .badSettings, "\(Self.id): the setting \"bits\" is off", expected: "2, 3, 4, 8 or 16", found: "\(bits)")
        }
        let group = try settings.integer("group", in: 0...FactorLayout.groupLimit) ?? 0
        let weighting: Weighting = try settings.choice("eora") ?? .auto
        self.settings = LowRankPart.Settings(bits: bits, group: group, usesMoments: weighting == .auto)
        share = try settings.number("share", in: 0.01...0.99) ?? 0.25
        let nested = settings.nested("after.")
        guard let name = try settings.text("after") else {
            guard nested.isEmpty else {
                throw DeltaicError(
                    .badSettings, "\(Self.id) has settings for a codec before it, but none is named",
                    expected: "\"after\"", found: nested.keys.sorted().map { "after.\($0)" }.joined(separator: ", "))
            }
            after = nil
            return
        }
        guard let id = CodecID(name: name), id != Self.id, id != .drop, id.isLossy else {
            throw DeltaicError(
                .badSettings, "\(Self.id): the setting \"after\" is off", expected: "another lossy codec",
                found: "\"\(name)\"")
        }
        after = try MethodTable.method(id, settings: nested)
    }

    public var readsSecondMoments: Bool { settings.usesMoments || after?.readsSecondMoments == true }

    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        guard let after else {
            switch goal {
            case .settings:
                let rank = rank ?? Self.defaultRank
                return tensors.map { planned($0, rank: rank) }
            case .bitsPerWeight(let bits):
                let ranks = try LowRankPlanning(tensors, settings: settings).ranks(meanBits: bits)
                return zip(tensors, ranks).map { planned($0, rank: $1) }
            case .relativeError(let error):
                return try LowRankPlanning(tensors, settings: settings).plan(relativeError: error).map {
                    planned($0.tensor, rank: $0.rank, noise: $0.noise)
                }
            }
        }
        return try plan(tensors, goal: goal, after: after)
    }

    private func plan(
        _ tensors: [any DeltaSource], goal: RateGoal, after: any LossyMethod
    ) throws(DeltaicError) -> [PlannedDelta] {
        let first: [PlannedDelta]
        let ranks: [Int]
        switch goal {
        case .settings:
            first = try after.plan(tensors, goal: .settings)
            ranks = tensors.map { _ in rank ?? Self.defaultRank }
        case .bitsPerWeight(let bits):
            first = try after.plan(tensors, goal: .bitsPerWeight(bits * (1 - share)))
            let weights = tensors.reduce(0) { $0 + Double($1.elementCount) }
            let taken = zip(tensors, first).reduce(0) { $0 + Double($1.0.elementCount) * $1.1.bitsPerWeight }
            ranks = try LowRankPlanning(tensors, settings: settings).ranks(
                meanBits: max(0, bits - taken / max(1, weights)))
        case .relativeError:
            throw DeltaicError(
                .unreachable, "what low-rank leaves after \(type(of: after).id) cannot be told beforehand",
                advice: "ask for a ratio or bits for a weight, or for an error of one of the two codecs alone")
        }
        return zip(tensors, zip(first, ranks)).map { tensor, parts in
            let bits = parts.0.bitsPerWeight + bitsPerWeight(tensor, rank: parts.1)
            return PlannedDelta(
                codec: LowRankCodec(rank: parts.1, settings: settings, after: parts.0.codec), bitsPerWeight: bits,
                relativeNoise: nil)
        }
    }

    private func planned(_ tensor: any DeltaSource, rank: Int, noise: Double? = nil) -> PlannedDelta {
        PlannedDelta(
            codec: LowRankCodec(rank: rank, settings: settings, after: nil),
            bitsPerWeight: bitsPerWeight(tensor, rank: rank), relativeNoise: rank == 0 ? 1 : noise)
    }

    private func bitsPerWeight(_ tensor: any DeltaSource, rank: Int) -> Double {
        guard !tensor.statistics.isZero else { return 0 }
        let size = LowRankSize(rows: tensor.rows, columns: tensor.columns, type: tensor.type)
        let rank = min(rank, tensor.rows, tensor.columns)
        return size.expectedBits(rank: rank, bits: settings.bits, group: settings.group)
            / Double(max(1, tensor.elementCount))
    }
}
