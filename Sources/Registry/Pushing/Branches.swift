internal import Catalog
public import DeltaicCore
internal import PackFormat

extension ModelRegistry {
    /// Makes a branch of a model that begins at a version.
    ///
    /// - Throws: a `notFound` error, `.branchExists`, `.invalidName`.
    public func createBranch(_ branch: String, at reference: VersionReference) async throws {
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        let version = try catalog.version(reference)
        try catalog.createBranch(branch, of: version.model, at: version.id)
    }

    /// Takes a branch of a model away, with the versions that were made on it and that nothing else names or is built on.
    ///
    /// - Throws: `.unknownModel`, `.unknownBranch`.
    public func removeBranch(_ branch: String, of model: ModelName) async throws {
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        try catalog.removeBranch(branch, of: model)
        let doomed = Self.unreachable(try catalog.history(of: model))
        guard !doomed.isEmpty else { return }
        do {
            _ = try catalog.remove(doomed)
        } catch let error as DeltaicError where error.code == .versionInUse {
            // A fine-tune is built on one of them: they stay, by number.
        }
    }

    /// Makes a tag, which must be new.
    ///
    /// - Throws: a `notFound` error, `.tagExists`, `.invalidName`, `.reservedTag`.
    public func createTag(_ tag: String, at reference: VersionReference) async throws {
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        let version = try catalog.version(reference)
        try catalog.createTag(model: version.model, tag: tag, version: version.id)
    }

    /// The versions that were made on branches and that no branch, tag or version of main leads to.
    private static func unreachable(_ history: ModelHistory) -> [VersionID] {
        let byCommit = Dictionary(history.versions.map { ($0.commit, $0) }, uniquingKeysWith: { first, _ in first })
        let named = Set((history.branches + history.tags).map(\.version))
        var reached: Set<VersionID> = []
        for start in history.versions where start.isOnMain || named.contains(start.id) {
            var next: VersionRecord? = start
            while let version = next, reached.insert(version.id).inserted {
                next = version.parentCommit.flatMap { byCommit[$0] }
            }
        }
        return history.versions.map(\.id).filter { !reached.contains($0) }
    }
}
