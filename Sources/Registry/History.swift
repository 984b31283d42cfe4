internal import Catalog
public import DeltaicCore

extension ModelRegistry {
    /// A version and those that it came from, newest first, as far as they are registered.
    ///
    /// - Throws: a `notFound` error that says what there is.
    public func history(of reference: VersionReference) throws -> [VersionSummary] {
        let start = try catalog.version(reference)
        let versions = try catalog.history(of: start.model).versions
        let byCommit = Dictionary(versions.map { ($0.commit, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [VersionSummary] = []
        var next: VersionRecord? = start
        while let version = next {
            found.append(VersionSummary(version))
            // What came between was removed: on main, go on with what is there.
            let parent = version.parentCommit.flatMap { byCommit[$0] }
            next = parent ?? versions.first { $0.isOnMain && $0.number < version.number && version.parentCommit != nil }
        }
        return found
    }
}
