/// How much a catalog holds.
public struct CatalogTotals: Hashable, Sendable {
    public let bases: Int
    /// Models that are not bases.
    public let models: Int
    public let versions: Int
    public let tasks: Int
    public let packs: Int
}
