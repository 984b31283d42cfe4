public import DeltaicCore

/// A tensor of a safetensors file.
public struct TensorRecord: Hashable, Sendable {
    public let name: String
    public let type: ElementType
    public let shape: TensorShape
    /// The SHA-256 of its raw bytes.
    public let object: Digest

    public init(name: String, type: ElementType, shape: TensorShape, object: Digest) {
        self.name = name
        self.type = type
        self.shape = shape
        self.object = object
    }

    /// The number of raw bytes.
    public var byteCount: Int { shape.elementCount * type.width }
}
