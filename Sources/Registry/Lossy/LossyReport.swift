public import DeltaicCore

/// What a lossy registration took and what it cost, tensor by tensor.
public struct LossyReport: Sendable, Codable {
    /// A tensor that a lossy codec was used for.
    public struct Tensor: Sendable, Codable {
        public let name: String
        public let file: String
        public let tensorClass: TensorClass
        public let codec: String
        public let rawBytes: Int
        /// The chunks with their headers, and what they share, whoever's pack has them; 0 for what the base has.
        public let storedBytes: Int
        public let elements: Int
        public let quality: DeltaQuality

        /// Stored bits for each weight.
        public var bitsPerWeight: Double { elements > 0 ? Double(storedBytes) * 8 / Double(elements) : 0 }
    }

    /// A tensor that the recipe gave to a lossy codec and that is kept exactly all the same.
    public struct KeptExactly: Sendable, Codable {
        public let name: String
        public let reason: String
    }

    public let tensors: [Tensor]
    public let keptExactly: [KeptExactly]
    /// The entries of the file of second moments that no tensor used.
    public let unusedMoments: [String]
    public let sizes: StorageFigures
    /// What is likely to hurt, for people.
    public let warnings: [String]

    /// Over all lossy tensors, or over those of a class.
    public func quality(of tensorClass: TensorClass? = nil) -> DeltaQuality {
        tensors.reduce(into: DeltaQuality()) { sum, tensor in
            if tensorClass == nil || tensor.tensorClass == tensorClass { sum.add(tensor.quality) }
        }
    }
}

/// Bytes before and after, of all and of parts.
public struct StorageFigures: Sendable, Codable, Equatable {
    /// All files, and the pack.
    public var rawBytes = 0
    public var storedBytes = 0
    /// The safetensors files; the pack without what the other files take in it.
    public var weightRawBytes = 0
    public var weightStoredBytes = 0
    /// The tensors of class linear; their chunks with headers, and what those share.
    public var linearRawBytes = 0
    public var linearStoredBytes = 0

    public init() {}

    /// Bytes of the safetensors files over what is stored of them; nil if nothing is.
    public var fileRatio: Double? { Self.ratio(weightRawBytes, weightStoredBytes) }
    /// The same of the linear layers alone, which is what papers quote.
    public var linearRatio: Double? { Self.ratio(linearRawBytes, linearStoredBytes) }

    private static func ratio(_ raw: Int, _ stored: Int) -> Double? {
        stored > 0 ? Double(raw) / Double(stored) : nil
    }
}
