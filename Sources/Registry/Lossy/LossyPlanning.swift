internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation

/// A lossy tensor with the codec that was chosen for it.
struct PlannedLossy: Sendable {
    let tensor: TensorTreatments.Lossy
    /// Nil for a delta of nothing but zeros: then it is the base's tensor.
    let planned: PlannedDelta?
}

/// Turns a goal for a model into settings of every tensor.
struct LossyPlanning: Sendable {
    let goal: LossyRequest.Goal
    /// The bytes of the safetensors files, and what their headers and the tensors that are kept exactly take.
    let weightBytes: Int
    let exactBytes: Int
    /// The linear layers: their raw bytes, and what those of them take that are kept exactly.
    let linear: (rawBytes: Int, exactBytes: Int)
    /// What an error target is multiplied with, by class: what encoding taught about the forecast.
    var targetFactors: [TensorClass: Double] = [:]

    /// What a lossy tensor takes in a pack beside its chunks: its record, index and manifest.
    static let bytesPerTensor = 245
    /// What a chunk takes beside its terms: its record's header, and its table of terms.
    static let bytesPerChunk = 70
    /// Its part of the index.
    static let indexBytesPerChunk = 65
    /// Of an error target, what embeddings may have: in `docs/quality.md` noise in them hurt sooner.
    static let embeddingShare = 0.5

    /// - Throws: `.unreachable` saying what bounds the goal; what the methods throw.
    func run(_ tensors: [TensorTreatments.Lossy]) throws -> [PlannedLossy] {
        let changed = tensors.indices.filter { !tensors[$0].delta.statistics.isZero }
        var result = tensors.map { PlannedLossy(tensor: $0, planned: nil) }
        // A fine-tune that changed nothing is the base, whatever is asked of it.
        guard tensors.isEmpty || !changed.isEmpty else { return result }
        let bits = try bitsPerWeight(changed.map { tensors[$0] })
        let groups = Dictionary(grouping: changed) { Group(tensors[$0], byClass: goal.isByClass) }
        for (group, members) in groups.sorted(by: { ($0.value.first ?? 0) < ($1.value.first ?? 0) }) {
            let method = try MethodTable.method(group.codec, settings: group.settings)
            let rate: RateGoal =
                switch goal {
                case .settings: .settings
                case .relativeError(let error):
                    .relativeError(
                        target(error, of: group.tensorClass) * (group.tensorClass.flatMap { targetFactors[$0] } ?? 1))
                case .bits, .ratio, .linearRatio: .bitsPerWeight(bits)
                }
            let planned = try method.plan(members.map { tensors[$0].delta }, goal: rate)
            for (member, plan) in zip(members, planned) {
                result[member] = PlannedLossy(tensor: tensors[member], planned: plan)
            }
        }
        return result
    }

    /// The error that a class may have.
    func target(_ error: Double, of tensorClass: TensorClass?) -> Double {
        tensorClass == .embedding ? error * Self.embeddingShare : error
    }

    /// What to multiply the targets with so that the errors come nearer to what is allowed; nil if they are near enough.
    func corrected(by encoded: [EncodedLossy]) -> LossyPlanning? {
        guard case .relativeError(let error) = goal else { return nil }
        var next = self
        var isNeeded = false
        for (tensorClass, tensors) in Dictionary(grouping: encoded, by: \.tensor.tensorClass) {
            var quality = DeltaQuality()
            for tensor in tensors { quality.add(tensor.quality) }
            guard let found = quality.relativeError, found > 0 else { continue }
            let ratio = target(error, of: tensorClass) / found
            let factor = targetFactors[tensorClass] ?? 1
            guard ratio > Self.worthwhileGain || ratio < 1 / Self.tolerance, factor * ratio < Self.largestFactor else {
                continue
            }
            next.targetFactors[tensorClass] = factor * ratio
            isNeeded = true
        }
        return isNeeded ? next : nil
    }

    /// - Throws: `.unreachable` if a class of tensors has far more error than it may, naming the figures.
    func checkTargets(_ encoded: [EncodedLossy]) throws(DeltaicError) {
        guard case .relativeError(let error) = goal else { return }
        for tensorClass in TensorClass.allCases {
            var quality = DeltaQuality()
            for tensor in encoded where tensor.tensor.tensorClass == tensorClass { quality.add(tensor.quality) }
            let target = target(error, of: tensorClass)
            guard let found = quality.relativeError, found > Self.farOff * target else { continue }
            throw DeltaicError(
                .unreachable, "the error target cannot be met for tensors of class \(tensorClass.rawValue)",
                expected: "at most \(String(format: "%.2g", target))", found: String(format: "%.2g", found),
                advice:
                    "the codec takes no more bits, or rounding to the dtype alone costs that much: keep them exactly")
        }
    }

    private static let farOff = 1.25

    /// An error that is so much below what is allowed is worth another run, or one that is so much above.
    private static let worthwhileGain = 1.08
    private static let tolerance = 1.03
    /// A tensor at its least rate gets no worse for a larger target.
    private static let largestFactor = 4.0

    private struct Group: Hashable {
        let codec: CodecID
        let settings: CodecSettings
        let tensorClass: TensorClass?

        init(_ tensor: TensorTreatments.Lossy, byClass: Bool) {
            codec = tensor.codec
            settings = tensor.settings
            tensorClass = byClass ? tensor.tensorClass : nil
        }
    }

    private func bitsPerWeight(_ tensors: [TensorTreatments.Lossy]) throws -> Double {
        switch goal {
        case .settings, .relativeError: return 0
        case .bits(let bits): return bits
        case .ratio(let ratio):
            let overhead = overhead(tensors)
            let budget = Double(weightBytes) / ratio - Double(exactBytes) - overhead
            return try bits(
                of: budget, for: tensors,
                bound: "headers and what is kept exactly take \(exactBytes) bytes of \(weightBytes), "
                    + "records and digests of the lossy tensors \(Int(overhead))",
                largest: Double(weightBytes) / (Double(exactBytes) + overhead))
        case .linearRatio(let ratio):
            let lossy = tensors.filter { $0.tensorClass == .linear }
            let headers = Double(lossy.reduce(0) { $0 + Self.bytesPerChunk * $1.delta.chunkCount })
            let fixed = headers + Double(linear.exactBytes)
            return try bits(
                of: Double(linear.rawBytes) / ratio - fixed, for: lossy,
                bound: "linear layers that are kept exactly take \(linear.exactBytes) bytes of \(linear.rawBytes), "
                    + "the headers of the others \(Int(headers))",
                largest: Double(linear.rawBytes) / max(1, fixed))
        }
    }

    private func overhead(_ tensors: [TensorTreatments.Lossy]) -> Double {
        tensors.reduce(0) {
            $0 + Double(Self.bytesPerTensor + (Self.bytesPerChunk + Self.indexBytesPerChunk) * $1.delta.chunkCount)
        }
    }

    private func bits(
        of budget: Double, for tensors: [TensorTreatments.Lossy], bound: String, largest: Double
    ) throws -> Double {
        let weights = tensors.reduce(0) { $0 + $1.delta.elementCount }
        guard weights > 0 else {
            throw DeltaicError(
                .unreachable, "no tensor is left to the lossy codec, so no ratio can be asked for",
                advice: "look at the classes and patterns of the recipe")
        }
        guard budget > 0 else {
            throw DeltaicError(
                .unreachable, "the ratio cannot be reached: \(bound)",
                expected: "less than about \(String(format: "%.1f", largest))x",
                advice: "make more tensors lossy (`--embeddings lossy`, a recipe), or ask for a ratio of the linear "
                    + "layers alone (--ratio-linear), or for bits (--bits)")
        }
        return budget * 8 / Double(weights)
    }
}

extension LossyRequest.Goal {
    /// Whether the goal holds for each class of tensors, not for their sum.
    fileprivate var isByClass: Bool {
        if case .relativeError = self { true } else { false }
    }
}
