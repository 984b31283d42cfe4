internal import Catalog
public import DeltaicCore

/// What a model is as a Git repository: its branch, its tags, and where its history ends.
public struct GitReferences: Sendable, Equatable {
    /// A name for a commit.
    public struct Reference: Sendable, Equatable {
        public let name: String
        public let commit: GitObjectID
    }

    /// The branch that is always there.
    public static let branch = "main"

    /// The newest version.
    public let head: GitObjectID
    /// `main` and the others, sorted as Git does.
    public let branches: [Reference]
    /// The model's tags, and each version by its number, sorted as Git does.
    public let tags: [Reference]
    /// The model's tags alone.
    public let ownTags: [Reference]
    /// The commits whose parent was removed, newest first: Git has to take the repository for a shallow one that ends there.
    public let shallow: [GitObjectID]

    /// Every reference by its full name, sorted as Git does.
    public var all: [Reference] {
        branches.map { Reference(name: "refs/heads/" + $0.name, commit: $0.commit) }
            + tags.map { Reference(name: "refs/tags/" + $0.name, commit: $0.commit) }
    }

    /// The file `HEAD` of the repository.
    public var headText: String { "ref: refs/heads/\(Self.branch)\n" }

    /// The file `info/refs` of the repository.
    public var infoText: String { all.map { "\($0.commit)\t\($0.name)\n" }.joined() }
}

extension ModelRegistry {
    /// The branch and the tags of a model as Git sees them, of one moment.
    ///
    /// - Throws: `.unknownModel`.
    public func gitReferences(of model: ModelName) throws -> GitReferences {
        try GitReferences(try catalog.history(of: model), model: model)
    }
}

extension GitReferences {
    init(_ history: ModelHistory, model: ModelName) throws {
        guard let newest = history.versions.first(where: \.isOnMain) else {
            throw DeltaicError(.catalogDamaged, "\(model) has no version")
        }
        let commits = Dictionary(uniqueKeysWithValues: history.versions.map { ($0.id, $0.commit) })
        func references(_ names: [ModelHistory.Name]) -> [Reference] {
            // Git refuses names that end in ".lock".
            names.filter { !$0.name.hasSuffix(".lock") }.compactMap { name in
                commits[name.version].map { Reference(name: name.name, commit: $0) }
            }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
        var tags = references(history.tags)
        ownTags = tags
        let taken = Set(tags.map(\.name))
        tags += history.versions.map { Reference(name: "v\($0.number)", commit: $0.commit) }
            .filter { !taken.contains($0.name) }
        let present = Set(history.versions.map(\.commit))
        head = newest.commit
        branches =
            (references(history.branches) + [Reference(name: Self.branch, commit: newest.commit)])
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        self.tags = tags.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        shallow = history.versions.filter { $0.parentCommit.map(present.contains) == false }.map(\.commit)
    }
}
