public import DeltaicCore

/// A file of a version.
public struct FileRecord: Hashable, Sendable {
    /// What the bytes of a file are made of.
    public enum Content: Hashable, Sendable {
        /// The file is one object, empty files included.
        case raw(object: Digest)
        /// The file is a safetensors header and the tensors that follow it, in the order of their bytes.
        case safetensors(header: Digest, tensors: [TensorRecord])
    }

    /// Relative to the model's folder, with `/` between its parts.
    public let path: String
    public let size: Int
    public let sha256: Digest
    /// The id under which Git knows the file, or its LFS pointer.
    public let gitBlobID: GitObjectID
    /// Whether Git clients see an LFS pointer.
    public let isLFS: Bool
    public let content: Content
    /// The SHA-256 of the file as it was registered, where a lossy codec gives back another one.
    public let original: Digest?

    public init(
        path: String, size: Int, sha256: Digest, gitBlobID: GitObjectID, isLFS: Bool, content: Content,
        original: Digest? = nil
    ) {
        self.path = path
        self.size = size
        self.sha256 = sha256
        self.gitBlobID = gitBlobID
        self.isLFS = isLFS
        self.content = content
        self.original = original
    }

    /// The tensors of a safetensors file; none for any other.
    public var tensors: [TensorRecord] {
        switch content {
        case .raw: []
        case .safetensors(_, let tensors): tensors
        }
    }
}
