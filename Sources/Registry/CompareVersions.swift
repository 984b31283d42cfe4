internal import Catalog
public import DeltaicCore

/// How two versions differ.
public struct VersionComparison: Sendable, Codable {
    public enum Kind: String, Sendable, Codable {
        case same, changed, onlyLeft, onlyRight, incomparable
    }

    public struct Tensor: Sendable, Codable {
        public let name: String
        public let kind: Kind
        /// Of the right version, or of the left if it is only there.
        public let type: ElementType
        public let shape: TensorShape
        public let bytes: Int
        /// Elements of the common rows that differ in at least one bit.
        public let changed: Int?
        public let compared: Int?
        /// |right - left| / |left| over the common rows (Frobenius norms); nil if it is not defined.
        public let relativeChange: Double?
        /// |right - left|^2 and |left|^2, from which the relative change of several tensors follows; nil where there is nothing to compare, or
        /// no tensor changed at all.
        public let squaredChange: Double?
        public let squaredValue: Double?
        /// What the right version's tensor takes in its pack; 0 for what is stored for others.
        public let storedBytes: Int
    }

    public struct File: Sendable, Codable {
        public let path: String
        public let kind: Kind
        public let leftSize: Int?
        public let rightSize: Int?
    }

    /// Bytes of objects (files, headers, tensors) that both have, or one of them.
    public struct SharedBytes: Sendable, Codable {
        /// As they are in files.
        public let rawBytes: Int
        /// As they are stored, once for both.
        public let storedBytes: Int
        /// Stored for one of them only, what they need of their bases not counted.
        public let onlyLeftStoredBytes: Int
        public let onlyRightStoredBytes: Int
    }

    public let left: VersionSummary
    public let right: VersionSummary
    public let tensors: [Tensor]
    public let files: [File]
    public let shared: SharedBytes
    /// The changes by their size, for each class of tensors that has any.
    public let histograms: [DeltaHistogram]
}

extension ModelRegistry {
    /// Compares two versions tensor by tensor, by name.
    public func compare(_ left: VersionReference, _ right: VersionReference) async throws -> VersionComparison {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let versions = (left: try catalog.version(left), right: try catalog.version(right))
        let leftFiles = try catalog.files(of: versions.left.id)
        let rightFiles = try catalog.files(of: versions.right.id)
        let leftTensors = Dictionary(leftFiles.flatMap(\.tensors).map { ($0.name, $0) }) { first, _ in first }
        let rightTensors = Dictionary(rightFiles.flatMap(\.tensors).map { ($0.name, $0) }) { first, _ in first }
        let names = Set(leftTensors.keys).union(rightTensors.keys).sorted()
        let changes = try await changes(
            names.map { (leftTensors[$0], rightTensors[$0]) }, storedIn: try catalog.pack(of: versions.right.id)?.id)
        return VersionComparison(
            left: VersionSummary(versions.left), right: VersionSummary(versions.right), tensors: changes.tensors,
            files: files(leftFiles, rightFiles), shared: try sharedBytes(leftFiles, rightFiles),
            histograms: changes.histograms)
    }

    private func files(_ left: [FileRecord], _ right: [FileRecord]) -> [VersionComparison.File] {
        let leftFiles = Dictionary(left.map { ($0.path, $0) }) { first, _ in first }
        let rightFiles = Dictionary(right.map { ($0.path, $0) }) { first, _ in first }
        return Set(leftFiles.keys).union(rightFiles.keys).sorted().map { path in
            let one = leftFiles[path]
            let other = rightFiles[path]
            let kind: VersionComparison.Kind =
                one == nil ? .onlyRight : other == nil ? .onlyLeft : one?.sha256 == other?.sha256 ? .same : .changed
            return VersionComparison.File(path: path, kind: kind, leftSize: one?.size, rightSize: other?.size)
        }
    }

    private func sharedBytes(_ left: [FileRecord], _ right: [FileRecord]) throws -> VersionComparison.SharedBytes {
        let (leftObjects, rightObjects) = (Set(left.flatMap(\.objects)), Set(right.flatMap(\.objects)))
        let records = try catalog.objects(Array(leftObjects.union(rightObjects)))
        func stored(_ digests: Set<Digest>) -> Int { digests.reduce(0) { $0 + (records[$1]?.storedBytes ?? 0) } }
        let both = leftObjects.intersection(rightObjects)
        return VersionComparison.SharedBytes(
            rawBytes: both.reduce(0) { $0 + (records[$1]?.length ?? 0) }, storedBytes: stored(both),
            onlyLeftStoredBytes: stored(leftObjects.subtracting(both)),
            onlyRightStoredBytes: stored(rightObjects.subtracting(both)))
    }
}
