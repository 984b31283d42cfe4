/// The catalog's own number for a version; never used again after the version is removed.
///
/// Unlike the commit id it does not survive a rebuild of the catalog.
public struct VersionID: Hashable, Sendable {
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}
