internal import DeltaicCore

/// That a model is to be registered lossily, and how.
public struct LossyRequest: Sendable {
    public var recipe: Recipe
    public var goal: Goal
    /// What the tensors' random words follow from, together with their names.
    public var seed: UInt64
    /// A safetensors file with the second moments of the layers' inputs, by the names of their weights; refused if
    /// no tensor uses it.
    public var momentsPath: String?
    /// Whether embeddings that are a small part of the model are kept exactly, whatever the recipe says: they save next to nothing.
    public var sparesSmallEmbeddings: Bool
    /// Whether tensors of few weights are kept exactly, whatever the recipe says: at a fraction of a bit for each nothing of them
    /// would be left, and some, such as the routers of experts, decide a lot.
    public var sparesSmallTensors: Bool

    /// How much it may take, or how near it has to come.
    public enum Goal: Sendable, Equatable {
        /// What the settings of the codecs say.
        case settings
        /// Bits for each weight of the lossy tensors.
        case bits(Double)
        /// The bytes of the safetensors files over what is stored for them.
        case ratio(Double)
        /// The same for the linear layers alone.
        case linearRatio(Double)
        /// |W_hat - W| / |W| over the lossy tensors of each class.
        case relativeError(Double)
    }

    public init(
        recipe: Recipe, goal: Goal = .settings, seed: UInt64 = 0, momentsPath: String? = nil,
        sparesSmallEmbeddings: Bool = false, sparesSmallTensors: Bool = false
    ) {
        self.recipe = recipe
        self.goal = goal
        self.seed = seed
        self.momentsPath = momentsPath
        self.sparesSmallEmbeddings = sparesSmallEmbeddings
        self.sparesSmallTensors = sparesSmallTensors
    }
}

/// A wish for quality, as a relative weight error that was seen to keep it.
///
/// Measured on the fine-tunes of `docs/quality.md`. Embeddings get half of it: noise in them hurts sooner.
public enum QualityLevel: String, Sendable, CaseIterable, Codable {
    case nearExact = "near-exact"
    case high
    case balanced
    case small

    /// The relative error |W_hat - W| / |W| to stay under.
    public var relativeError: Double {
        switch self {
        case .nearExact: 0.03
        case .high: 0.06
        case .balanced: 0.12
        case .small: 0.20
        }
    }
}
