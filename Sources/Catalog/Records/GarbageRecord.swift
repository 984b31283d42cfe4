public import DeltaicCore

/// A pack that nothing needs and that is not deleted yet.
public struct GarbageRecord: Hashable, Sendable {
    /// Why a pack is not needed.
    public enum Reason: String, Sendable, Codable {
        /// Its versions were removed.
        case removed
        /// What was in it is in another pack now.
        case replaced
        /// It lay among the packs, and belonged to nothing: an interrupted command left it.
        case stray
    }

    public let id: Digest
    public let byteCount: Int
    /// Seconds since 1970.
    public let since: Int
    /// The epoch of readers in which it became garbage.
    public let epoch: Int
    public let reason: Reason
}
