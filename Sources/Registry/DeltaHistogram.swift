public import DeltaicCore
internal import Kernels

/// How many weights of one class changed by how much.
public struct DeltaHistogram: Sendable, Codable, Equatable {
    /// Changes of one sign and about one size, half an octave wide.
    public struct Bin: Sendable, Codable, Equatable {
        /// The change nearest to minus infinity that the bin takes, and the farthest.
        public let lower: Double
        public let upper: Double
        public let count: Int
    }

    public let tensorClass: TensorClass
    /// Weights without a bit of change.
    public let unchanged: Int
    /// The bins with something in them, from the most negative change to the most positive.
    public let bins: [Bin]
    /// Changes from or to what is no finite number.
    public let notFinite: Int

    init(_ tensorClass: TensorClass, unchanged: Int, changes: ChangeHistogram) {
        self.tensorClass = tensorClass
        self.unchanged = unchanged
        bins = changes.bins.map { Bin(lower: $0.lower, upper: $0.upper, count: $0.count) }
        notFinite = changes.notFinite
    }

    init(tensorClass: TensorClass, unchanged: Int, bins: [Bin], notFinite: Int) {
        self.tensorClass = tensorClass
        self.unchanged = unchanged
        self.bins = bins
        self.notFinite = notFinite
    }
}
