public import DeltaicCore

/// A file of a version without its tensors.
public struct FileEntry: Hashable, Sendable {
    /// Relative to the model's folder, with `/` between its parts.
    public let path: String
    public let size: Int
    public let sha256: Digest
    /// The id under which Git knows the file, or its LFS pointer.
    public let gitBlobID: GitObjectID
    /// Whether Git clients see an LFS pointer.
    public let isLFS: Bool
    /// Whether the file is its head and tensors; else it is its head.
    public let isSafetensors: Bool
    /// The object with the file's own bytes: all of a raw file, the header of a safetensors file.
    public let head: Digest
    /// The SHA-256 of the file as it was registered, where a lossy codec gives back another one.
    public let original: Digest?
}
