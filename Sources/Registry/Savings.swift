internal import Catalog
internal import DeltaicCore

/// What is kept against what was registered.
public struct SavingsReport: Sendable, Codable {
    public enum Grouping: String, Sendable, Codable, CaseIterable {
        case base, task, codec, model
    }

    public struct Group: Sendable, Codable {
        public let name: String
        public let versions: Int
        /// The sum of the sizes of the files that were registered.
        public let rawBytes: Int
        /// The sum of the packs that they wrote.
        public let storedBytes: Int
    }

    public let grouping: Grouping
    public let groups: [Group]
    public let versions: Int
    public let rawBytes: Int
    /// The bytes of all packs on disk: the groups', `retainedBytes` and `garbageBytes`.
    public let storedBytes: Int
    /// Packs of removed versions that others still need, and files of versions that are yet to be compressed.
    public let retainedBytes: Int
    /// The bytes of packs that nothing needs, and that are not deleted yet.
    public let garbageBytes: Int
    /// Versions that are stored as clients sent them, and yet to be compressed.
    public let pendingVersions: Int
    /// The catalog's own bytes on disk, which are not in `storedBytes`.
    public let catalogBytes: Int
}

extension ModelRegistry {
    /// What the registry saves: a query, which agrees with the bytes of the packs on disk.
    public func savings(by grouping: SavingsReport.Grouping = .model) throws -> SavingsReport {
        let total = try catalog.savingsTotal()
        return SavingsReport(
            grouping: grouping, groups: try savingsGroups(by: grouping),
            versions: total.versions, rawBytes: total.rawBytes, storedBytes: total.storedBytes,
            retainedBytes: total.retainedBytes, garbageBytes: total.garbageBytes,
            pendingVersions: try catalog.pendingVersions().count,
            catalogBytes: directory.catalogBytes)
    }

    /// What is saved by group alone.
    ///
    /// - Parameter namespace: only versions of its models; nil for all.
    public func savingsGroups(
        by grouping: SavingsReport.Grouping, namespace: String? = nil
    ) throws -> [SavingsReport.Group] {
        let kind: SavingsRow.Grouping =
            switch grouping {
            case .base: .base
            case .task: .task
            case .codec: .codec
            case .model: .model
            }
        return try catalog.savings(by: kind, namespace: namespace).map {
            SavingsReport.Group(
                name: $0.group, versions: $0.versions, rawBytes: $0.rawBytes, storedBytes: $0.storedBytes)
        }
    }
}
