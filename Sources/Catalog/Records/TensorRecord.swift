public import DeltaicCore

/// A tensor of a safetensors file.
public struct TensorRecord: Hashable, Sendable {
    public let name: String
    public let type: ElementType
    public let shape: TensorShape
    /// The SHA-256 of its raw bytes.
    public let object: Digest
    /// What a lossy codec made of it; nil if the bytes are those that were registered.
    public let loss: TensorLoss?

    public init(name: String, type: ElementType, shape: TensorShape, object: Digest, loss: TensorLoss? = nil) {
        self.name = name
        self.type = type
        self.shape = shape
        self.object = object
        self.loss = loss
    }

    /// The number of raw bytes.
    public var byteCount: Int { shape.elementCount * type.width }
}
