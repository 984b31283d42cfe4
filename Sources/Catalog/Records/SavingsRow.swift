/// What the versions of one group would take in full, and what their packs take.
public struct SavingsRow: Hashable, Sendable {
    /// By what versions are grouped.
    public enum Grouping: Hashable, Sendable {
        case model
        /// A base counts with its fine-tunes; what has no base is in `(none)`.
        case base
        /// Bases, and what has no task, are in `(none)`.
        case task
        /// By how most of the weights of a version are stored: `exact` as differences from a base, `solo` without one, a lossy codec,
        /// or `(pending)` as a client sent them.
        case codec
    }

    public let group: String
    public let versions: Int
    /// The sum of the sizes of their files.
    public let rawBytes: Int
    /// The sum of the sizes of the packs that they wrote.
    public let storedBytes: Int
}

/// What the whole registry would take in full, and what its packs take.
public struct SavingsTotal: Hashable, Sendable {
    public let versions: Int
    public let rawBytes: Int
    /// The sum of the sizes of all packs: that of every group, ``retainedBytes`` and ``garbageBytes``.
    public let storedBytes: Int
    /// The sizes of packs whose version was removed but which others still need.
    public let retainedBytes: Int
    /// The sizes of packs that nothing needs, and that are not deleted yet.
    public let garbageBytes: Int
}
