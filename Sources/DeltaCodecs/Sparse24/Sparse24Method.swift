public import DeltaicCore
internal import Foundation

/// Chooses the bits of every tensor's survivors.
public struct Sparse24Method: LossyMethod {
    public static var id: CodecID { .sparse24 }
    public static let summary = "DeltaZip: two of four columns, 2 or 4 bits each"

    private let bits: Int?
    private let rounding: Rounding

    static let defaultBits = 4

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {
        bits = try settings.integer("bits", in: 2...4)
        guard bits != 3 else {
            throw DeltaicError(
                .badSettings, "\(Self.id): the setting \"bits\" is off", expected: "2 or 4", found: "3")
        }
        rounding = try settings.choice("rounding") ?? .auto
    }

    public var readsSecondMoments: Bool { rounding != .plain }

    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        var trials: [[Sparse24Trial]] = []
        for tensor in tensors {
            var trial: [Sparse24Trial] = []
            for bits in bits.map({ [$0] }) ?? [2, 4] { trial.append(try Sparse24Trial(tensor, bits: bits)) }
            trials.append(trial)
        }
        let chosen: [Int]
        switch goal {
        case .settings: chosen = trials.map { $0.firstIndex { $0.bits == bits ?? Self.defaultBits } ?? 0 }
        case .bitsPerWeight(let mean):
            let weights = tensors.reduce(0) { $0 + Double($1.elementCount) }
            chosen = try Self.upgrade(trials) { choice in
                zip(trials, choice).reduce(0) { $0 + $1.0[$1.1].storedBits } <= mean * weights
            } isEnough: {
                _ in
                false
            } refuse: { least in
                Self.tooFewBits(least / max(1, weights), mean, hasFewer: bits == 4)
            }
        case .relativeError(let error):
            let allowed = error * error * tensors.reduce(0) { $0 + $1.statistics.weightSquareSum }
            let squares = tensors.map(\.statistics.squareSum)
            func left(_ choice: [Int]) -> Double {
                trials.indices.reduce(0) { $0 + trials[$1][choice[$1]].noise * squares[$1] }
            }
            chosen = try Self.upgrade(trials) { _ in
                true
            } isEnough: {
                left($0) <= allowed
            } refuse: { _ in
                nil
            }
            guard left(chosen) <= allowed else {
                throw DeltaicError(
                    .unreachable, "2:4 sparsity cannot come so near: a half of each four is given up",
                    expected: String(
                        format: "an error of at least %.5f", error * (left(chosen) / allowed).squareRoot()),
                    found: String(format: "%.5f", error),
                    advice: bits == 2 ? "leave the bits to the goal, or use another codec" : "use another codec")
            }
        }
        return zip(tensors, zip(trials, chosen)).map { tensor, choice in
            let trial = choice.0[choice.1]
            return PlannedDelta(
                codec: Sparse24Codec(bits: trial.bits, rounding: rounding),
                bitsPerWeight: trial.storedBits / Double(max(1, tensor.elementCount)), relativeNoise: trial.noise)
        }
    }

    private static func tooFewBits(_ least: Double, _ found: Double, hasFewer: Bool) -> DeltaicError {
        DeltaicError(
            .unreachable, "2:4 sparsity takes more bits than that",
            expected: String(format: "at least %.3f bits for a weight", least),
            found: String(format: "%.3f", found),
            advice: hasFewer
                ? "set bits to 2, or use seeded-sign or delta-come" : "ask for a smaller ratio, or use another codec")
    }

    /// Two bits everywhere, then four for the tensors where they take away the most noise for a bit.
    private static func upgrade(
        _ trials: [[Sparse24Trial]], fits: ([Int]) -> Bool, isEnough: ([Int]) -> Bool,
        refuse: (Double) -> DeltaicError?
    ) throws(DeltaicError) -> [Int] {
        var choice = trials.map { _ in 0 }
        if !fits(choice), let error = refuse(trials.reduce(0) { $0 + $1[0].storedBits }) { throw error }
        let order = trials.indices.filter { trials[$0].count > 1 }.sorted {
            let (left, right) = (trials[$0][0].worth, trials[$1][0].worth)
            return (right, $0) < (left, $1)
        }
        for index in order where !isEnough(choice) {
            choice[index] = 1
            if !fits(choice) { choice[index] = 0 }
        }
        return choice
    }
}

/// What a tensor takes, judged by its first chunk rounded plainly.
struct Sparse24Trial {
    let bits: Int
    /// All that is stored.
    let storedBits: Double
    /// |D_hat - D|^2 / |D|^2.
    let noise: Double
    private let squares: Double

    init(_ tensor: any DeltaSource, bits: Int) throws(DeltaicError) {
        self.bits = bits
        squares = tensor.statistics.squareSum
        guard !tensor.statistics.isZero else {
            (storedBits, noise) = (0, 1)
            return
        }
        let delta = try tensor.chunk(0).delta
        let context = tensor.termContext(0)
        var largest = [Float](repeating: 0, count: tensor.rows)
        for row in context.rows {
            for index in context.elements(ofRow: row) { largest[row] = max(largest[row], delta[index].magnitude) }
        }
        let scales = try Sparse24Scales(largest: largest, bits: bits)
        // Elements after the chunk, which a group that it cuts would need, count as zeros.
        let rows = PlainSparse24Rows(
            scales: scales, columns: tensor.columns, values: delta + [0, 0, 0], firstElement: 0)
        let content = rows.content(context, bits: bits)
        let streams = [content.scaleBytes, content.packedPatterns, content.packedCodes]
        let stored = streams.reduce(2.0) { $0 + ExpectedSize.of($1) }
        storedBits = 8 * stored * Double(tensor.elementCount) / Double(max(1, delta.count))

        var left = 0.0
        var total = 0.0
        for row in context.rows {
            let elements = context.elements(ofRow: row)
            for index in elements { total += Double(delta[index]) * Double(delta[index]) }
            let level = scales.levels[row]
            var kept = 0.0
            let start = row * tensor.columns
            for group in Sparse24Term.groups(ofRow: row, context) {
                let found = rows.group(group, ofRow: row)
                let lanes = Sparse24Term.lanes[Int(found.pattern)]
                for (lane, code) in [(lanes.first, found.first), (lanes.second, found.second)] {
                    let index = start + 4 * group + lane
                    guard elements.contains(index) else { continue }
                    let value = Double(delta[index])
                    let error = value - Double(level.value(code))
                    kept += value * value - error * error
                }
            }
            left -= kept
        }
        noise = total > 0 ? max(0, (total + left) / total) : 1
    }

    /// The squares that a bit takes away at the most; for the order of tensors.
    var worth: Double { storedBits > 0 ? squares / storedBits : 0 }
}
