/// What was registered on one day.
public struct GrowthRow: Hashable, Sendable {
    /// Since 1970-01-01, in UTC.
    public let day: Int
    public let versions: Int
    public let rawBytes: Int
    public let storedBytes: Int
}
