internal import Catalog
public import DeltaicCore

/// What registries tell each other of a version before anything moves.
public struct TransferVersion: Sendable, Codable, Hashable {
    /// The base version that it is a delta of.
    public struct Base: Sendable, Codable, Hashable {
        public let model: String
        public let number: Int
        public let commit: GitObjectID
        /// Two registries that have a base of the same tree have the same files.
        public let tree: GitObjectID
    }

    public let number: Int
    public let commit: GitObjectID
    public let tree: GitObjectID
    public let base: Base?
    /// The name of the model in the version's manifest, where it has another one now.
    public let registeredAs: String?
    public let tags: [String]
    /// The sum of the sizes of its files.
    public let rawBytes: Int
}

/// The versions of a model's `main` that a registry has.
public struct TransferHistory: Sendable, Codable {
    public let model: String
    public let isBase: Bool
    /// The highest number that a version ever had; 0 for a model that is not there.
    public let lastNumber: Int
    /// Oldest first; none for a model that is not there.
    public let versions: [TransferVersion]

    public init(model: String, isBase: Bool, lastNumber: Int, versions: [TransferVersion]) {
        self.model = model
        self.isBase = isBase
        self.lastNumber = lastNumber
        self.versions = versions
    }

    public func version(_ number: Int) -> TransferVersion? {
        versions.first { $0.number == number }
    }

    /// The version that a user names.
    ///
    /// - Parameter place: the registry, for the error.
    /// - Throws: `.unknownModel`, `.unknownVersion`, `.unknownTag` or `.ambiguousCommit`.
    public func version(
        _ selector: VersionReference.Selector, in place: String
    ) throws(DeltaicError) -> TransferVersion {
        guard let newest = versions.max(by: { $0.number < $1.number }) else {
            throw DeltaicError(.unknownModel, "there is no model or base \(model)", at: [place])
        }
        switch selector {
        case .latest:
            return newest
        case .number(let number):
            if let found = version(number) { return found }
            throw DeltaicError(.unknownVersion, "\(model) has no version v\(number)", at: [place])
        case .commit(let digits):
            let found = versions.filter { $0.commit.hex.hasPrefix(digits.lowercased()) }
            if found.count == 1 { return found[0] }
            guard found.isEmpty else {
                throw DeltaicError(
                    .ambiguousCommit, "\(digits) is the start of more than one commit id of \(model)", at: [place])
            }
            throw DeltaicError(.unknownVersion, "\(model) has no version with commit id \(digits)", at: [place])
        case .tag(let tag), .revision(let tag):
            if let found = versions.first(where: { $0.tags.contains(tag) }) { return found }
            throw DeltaicError(.unknownTag, "\(model) has no tag \"\(tag)\"", at: [place])
        }
    }
}

extension ModelRegistry {
    /// What there is of a model, for another registry; no versions if there is none of that name.
    public func transferHistory(of model: ModelName) throws -> TransferHistory {
        let last = try catalog.nextNumber(of: model) - 1
        guard let newest = try catalog.newestVersion(of: model) else {
            return TransferHistory(model: model.description, isBase: false, lastNumber: last, versions: [])
        }
        let versions = try catalog.versions(of: model).filter(\.isOnMain).reversed().map {
            try TransferVersion($0, catalog)
        }
        return TransferHistory(model: model.description, isBase: newest.isBase, lastNumber: last, versions: versions)
    }
}

extension TransferVersion {
    init(_ record: VersionRecord, _ catalog: CatalogDatabase) throws {
        let base = try record.baseVersion.flatMap { try catalog.version(id: $0) }
        self.init(
            number: record.number, commit: record.commit, tree: record.tree,
            base: base.map {
                Base(model: $0.model.description, number: $0.number, commit: $0.commit, tree: $0.tree)
            }, registeredAs: record.registeredAs, tags: record.tags, rawBytes: record.rawBytes)
    }
}
