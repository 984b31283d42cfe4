internal import Catalog
public import DeltaicCore

/// Where a large file lies: in which version, under which path.
public struct LargeFilePlace: Sendable {
    public let commit: GitObjectID
    public let path: String
    public let size: Int
}

extension ModelRegistry {
    /// How many weights of each dtype a version has, by the dtype's name in safetensors files.
    public func parameterCounts(of reference: VersionReference) throws -> [String: Int] {
        let counts = try catalog.elementCounts(of: try catalog.version(reference).id)
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
    }

    /// Where the large files of a model with these digests are; those that it lacks are left out.
    /// - Throws: `.unknownModel`.
    public func places(of digests: [Digest], in model: ModelName) throws -> [Digest: LargeFilePlace] {
        try catalog.largeFiles(digests, of: model).mapValues {
            LargeFilePlace(commit: $0.commit, path: $0.path, size: $0.size)
        }
    }

    /// Looks at the folder and the catalog.
    /// - Throws: what keeps the registry from being read.
    public func checkReadable() throws {
        try directory.check()
        _ = try catalog.savingsTotal()
    }
}
