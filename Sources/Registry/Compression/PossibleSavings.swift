internal import Catalog
internal import DeltaicCore

/// A model that is stored in full and might be a delta of another.
public struct PossibleSaving: Sendable, Codable {
    /// `name@v1`, the newest version.
    public let version: String
    public let model: String
    /// How many versions the model has beside it.
    public let otherVersions: Int
    /// What its pack takes now.
    public let storedBytes: Int
    /// The nearest base, as `name@v1`.
    public let relative: String
    public let relativeModel: String
    /// What some chunks of the model take as differences from the relative, over what they take alone.
    public let ratio: Double

    /// What it would save, judged by the chunks that were tried.
    public var savedBytes: Int { Int((Double(storedBytes) * (1 - ratio)).rounded()) }
}

/// Finds models that are stored in full although they have a near relative.
///
/// A few chunks of each are encoded against those of the nearest candidates. What is found is kept for as long as neither of two versions
/// changes, so that looking again costs what is new.
public actor PossibleSavings {
    /// Models that are looked at, the largest first.
    private static let modelLimit = 200

    private struct Pair: Hashable {
        let version: GitObjectID
        let relatives: [GitObjectID]
    }

    private let registry: ModelRegistry
    private var known: [Pair: PossibleSaving?] = [:]

    public init(registry: ModelRegistry) {
        self.registry = registry
    }

    /// Looks at every model that is stored in full; what would save most comes first.
    public func find() async throws -> [PossibleSaving] {
        let lock = try await registry.lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let full = try registry.fullVersions()
        let subjects = try full.sorted { ($0.storedBytes, $1.reference) > ($1.storedBytes, $0.reference) }
            .prefix(Self.modelLimit).filter { try !registry.catalog.hasDependants($0.model) }
        var found: [Pair: PossibleSaving?] = [:]
        for version in subjects {
            try Task.checkCancellation()
            let relatives = try registry.candidates(for: version, among: full)
            guard !relatives.isEmpty else { continue }
            let pair = Pair(version: version.commit, relatives: relatives.map(\.commit))
            if let before = known[pair] {
                found[pair] = .some(before)
                continue
            }
            do {
                found[pair] = .some(
                    try await BlockingWork.run { [registry] in try registry.saving(of: version, against: relatives) })
            } catch let error as DeltaicError {
                // One that is damaged, or was removed meanwhile, says nothing about the others.
                registry.warn("whether \(version.reference) could be a delta is not known: \(error)")
                found[pair] = .some(nil)
            }
        }
        known = found
        return found.values.compactMap(\.self).sorted {
            ($0.savedBytes, $1.version) > ($1.savedBytes, $0.version)
        }
    }
}

extension ModelRegistry {
    /// Candidates that are tried for one model.
    private static let candidateLimit = 4

    /// The newest versions of models that are stored in full, with weights and without a base.
    fileprivate func fullVersions() throws -> [VersionRecord] {
        try catalog.latestVersions(ModelFilter()).map(\.latest).filter {
            $0.baseVersion == nil && !$0.isPending && $0.tensorCount > 0
        }
    }

    /// Older bases of the same architecture, those of the same number of tensors and the nearest size first.
    fileprivate func candidates(for version: VersionRecord, among full: [VersionRecord]) throws -> [VersionRecord] {
        let alike = full.filter { other in
            guard other.isBase, other.model != version.model, other.id.rawValue < version.id.rawValue else {
                return false
            }
            let sizes = Double(other.rawBytes) / Double(max(1, version.rawBytes))
            return abs(other.tensorCount - version.tensorCount) <= max(8, version.tensorCount / 10)
                && (0.4...2.5).contains(sizes)
        }.sorted {
            let distances = [$0, $1].map { other in
                (
                    abs(other.tensorCount - version.tensorCount), abs(other.rawBytes - version.rawBytes),
                    other.id.rawValue
                )
            }
            return distances[0] < distances[1]
        }
        let tensors = try catalog.files(of: version.id).flatMap(\.tensors)
        return try Array(
            alike.lazy.filter { try self.catalog.share(of: tensors, in: $0) >= BaseSearch.leastShare }
                .prefix(Self.candidateLimit))
    }

    fileprivate func saving(of version: VersionRecord, against relatives: [VersionRecord]) throws -> PossibleSaving? {
        // What it shares with others as it is costs nothing that could be saved.
        let tensors = try catalog.files(of: version.id).flatMap(\.tensors)
        let pack = try catalog.pack(of: version.id)?.id
        let stored = try catalog.objects(tensors.map(\.object))
        let trial = try SampleTrial(
            stored: tensors.filter { stored[$0.object]?.pack == pack }, catalog: catalog, objects: objects)
        let alone = try trial.sizeAlone()
        let best = try relatives.map { ($0, try trial.size(against: $0)) }.min { $0.1 < $1.1 }
        guard alone > 0, let (relative, size) = best, Double(size) < Double(alone) * BaseSearch.leastGain else {
            return nil
        }
        return PossibleSaving(
            version: version.reference, model: "\(version.model)",
            otherVersions: try catalog.versions(of: version.model).count - 1, storedBytes: version.storedBytes,
            relative: relative.reference, relativeModel: "\(relative.model)", ratio: Double(size) / Double(alone))
    }
}
