public import DeltaicCore

/// Changes to the files of a model that together become one version.
public struct Push: Sendable {
    /// One change; deletions come before additions, whatever their order.
    public enum Operation: Sendable {
        /// A file whose bytes came with the request.
        case add(path: String, content: SpooledContent)
        /// A file that was sent before, or that a version has already; `size` is nil where the client does not say.
        case addLarge(path: String, sha256: Digest, size: Int?)
        case deleteFile(path: String)
        case deleteFolder(path: String)
    }

    public var model: ModelName
    /// Nil for `main`.
    public var branch: String?
    /// The commit that the client takes for the newest, or its first seven or more digits; nil if it does not say.
    public var expectedParent: String?
    public var message: String
    public var operations: [Operation]
    /// The only namespace that whoever pushes may see; nil for all.
    ///
    /// No base of another one is looked for, but for bases without a namespace.
    public var namespace: String?

    public init(
        model: ModelName, branch: String?, expectedParent: String?, message: String, operations: [Operation],
        namespace: String? = nil
    ) {
        self.model = model
        self.branch = branch
        self.expectedParent = expectedParent
        self.message = message
        self.operations = operations
        self.namespace = namespace
    }
}

/// The bytes of a small file that waits on disk to become part of a version.
public struct SpooledContent: Sendable {
    public let path: String
    public let size: Int

    public init(path: String, size: Int) {
        self.path = path
        self.size = size
    }
}

/// What a push made.
public struct PushResult: Sendable {
    public let version: VersionSummary
    /// False if the files are those of the version before: nothing was stored.
    public let isNew: Bool
}
