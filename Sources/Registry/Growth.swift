internal import Catalog

/// What was registered on one day, of the versions that are there.
public struct GrowthDay: Sendable, Codable, Equatable {
    /// Since 1970-01-01, in UTC.
    public let day: Int
    public let versions: Int
    /// The sum of the sizes of the files that were registered.
    public let rawBytes: Int
    /// What their packs take now.
    public let storedBytes: Int
}

extension ModelRegistry {
    /// What was registered day by day, the first day first; what was removed since does not count.
    ///
    /// - Parameter namespace: only of its models; nil for all.
    public func growth(namespace: String? = nil) throws -> [GrowthDay] {
        try catalog.growth(namespace: namespace).map {
            GrowthDay(day: $0.day, versions: $0.versions, rawBytes: $0.rawBytes, storedBytes: $0.storedBytes)
        }
    }
}
