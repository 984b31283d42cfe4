internal import DeltaicCore

/// The settings of ``UltraDeltaMethod``.
struct UltraDeltaOptions: Sendable {
    /// Where paper and public code differ (`src/ViT.py` of the authors' repository), which of them is followed.
    enum Mode: String, CaseIterable {
        /// Orders tensors by the variance of their deltas; a third of the tensors gets s + step, s, s - step each.
        case paper
        /// Orders by the deviation of the quantized deltas; thirds of the elements, the last of which gets what makes the mean s, at most 0.99.
        case code
    }

    /// What kept values are divided by.
    enum Rescale: String, CaseIterable {
        /// 1 - s of the model, for all tensors.
        case average
        /// 1 - the rate of the tensor.
        case layer
        /// The share that is really kept of the values that are not zero.
        case unbiased
    }

    /// Which values are kept.
    enum Mask: String, CaseIterable {
        /// The same share of every value (Distribution-Aware Compression); positions are stored.
        case values
        /// A seeded mask that does not look at values, and costs nothing.
        case seeded
    }

    /// How the codes of kept values are stored.
    enum Codes: String, CaseIterable {
        /// So many bits each.
        case plain
        /// A byte each, made small by the entropy stage.
        case entropy
    }

    /// Where the grid of values ends.
    enum Grid: String, CaseIterable {
        /// At the smallest and the largest delta.
        case minmax
        /// Where a share of the deltas lies beyond: they become the last value.
        case clipped
    }

    let sparsity: Double
    /// nil if it was not given: 0.01, and less where a goal asks for a sparsity that leaves no room for it.
    let givenStep: Double?
    let bits: Int
    let mode: Mode
    let factor: Double
    let gamma: Double
    static let fromSiblings = "siblings"
    let rescale: Rescale
    let mask: Mask
    let codes: Codes
    let grid: Grid
    /// The share of deltas that is clipped at each end.
    let clip: Double

    static let defaultSparsity = 0.97
    static let defaultStep = 0.01

    init(_ settings: inout SettingsReader) throws(DeltaicError) {
        let sparsity = try settings.number("sparsity", in: 0...0.9999)
        givenStep = try settings.number("step", in: 0...0.5)
        bits = try settings.integer("bits", in: 2...8) ?? 4
        mode = try settings.choice("mode", as: Mode.self) ?? .code
        factor = try settings.number("factor", in: 0...100) ?? 1
        // A word stands for what the registry finds among the fine-tunes of the same base; until then it is 1.
        gamma =
            settings.isWord(Self.fromSiblings, "gamma")
            ? 1 : try settings.number("gamma", in: mode == .paper ? 0.5...1 : 0...1) ?? 1
        rescale = try settings.choice("rescale", as: Rescale.self) ?? .average
        mask = try settings.choice("mask", as: Mask.self) ?? .values
        codes = try settings.choice("codes", as: Codes.self) ?? .plain
        grid = try settings.choice("grid", as: Grid.self) ?? .minmax
        let clip = try settings.number("clip", in: 0...0.25)
        guard clip == nil || grid == .clipped else {
            throw DeltaicError(
                .badSettings, "ultradelta: \"clip\" is for a clipped grid", advice: "add \"grid\": \"clipped\"")
        }
        self.clip = clip ?? 0.001
        self.sparsity = sparsity ?? Self.defaultSparsity
        if sparsity != nil { _ = try checkedStep() }
    }

    /// The step of the settings' own sparsity.
    ///
    /// - Throws: `.badSettings` if the two make more than 1, where the public code stops at an assertion.
    func checkedStep() throws(DeltaicError) -> Double {
        let step = givenStep ?? Self.defaultStep
        guard sparsity + step <= 1 + 1e-12 else {
            throw DeltaicError(
                .badSettings, "ultradelta: no tensor can be sparser than 1: sparsity + step is",
                expected: "at most 1", found: (sparsity + step).shortText(.up),
                advice: "a \"step\" of \(((1 - sparsity) / 2).shortText(.down)) or less fits")
        }
        return step
    }

    /// The step for a sparsity that a goal asks for: that of the settings if it was given, else at most a third of what is kept.
    func step(sparsity: Double) -> Double {
        givenStep ?? min(Self.defaultStep, (1 - sparsity) / 3)
    }
}
