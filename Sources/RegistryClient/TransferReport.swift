public import DeltaicCore

/// A version that went from one registry to another.
public struct MovedVersion: Sendable, Codable {
    public let model: String
    public let number: Int
    public let commit: GitObjectID
    /// The size of its pack.
    public let packBytes: Int
    /// What of it moved this time; less than the pack if an earlier attempt had come some way.
    public let movedBytes: Int
    /// The objects of its files, and those of them that were there already.
    public let objects: Int
    public let knownObjects: Int

    public var reference: String { "\(model)@v\(number)" }
}

/// A tag that was looked at on the way.
public struct TransferredTag: Sendable, Codable, Equatable {
    /// What became of it.
    public enum Outcome: String, Sendable, Codable {
        case copied
        /// It named another version there, and names this one now.
        case moved
        /// It names another version there, and still does.
        case leftAlone
    }

    public let model: String
    public let tag: String
    public let number: Int
    public let outcome: Outcome
}

/// What a push or a pull did.
public struct TransferReport: Sendable, Codable {
    /// The version that was asked for.
    public let reference: String
    public let remote: String
    /// In the order in which they moved; none if all was there.
    public let versions: [MovedVersion]
    public let tags: [TransferredTag]
    /// Bodies of requests and answers, packs among them.
    public let sentBytes: Int
    public let receivedBytes: Int

    public var movedBytes: Int { versions.reduce(0) { $0 + $1.movedBytes } }
}
