/// Something that happened to the catalog, as the journal keeps it.
public struct CatalogEvent: Hashable, Sendable {
    /// Counted from 1, without gaps, and never used again.
    public let sequence: Int
    /// Seconds since 1970.
    public let at: Int
    /// A JSON object.
    public let json: String

    public init(sequence: Int, at: Int, json: String) {
        self.sequence = sequence
        self.at = at
        self.json = json
    }
}
