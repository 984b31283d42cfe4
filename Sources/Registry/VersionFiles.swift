internal import Catalog
public import DeltaicCore

/// A file of a version as the catalog knows it.
public struct VersionFile: Sendable, Codable {
    /// Relative to the model's folder, with `/` between its parts.
    public let path: String
    public let size: Int
    /// Of the file that a pull gives.
    public let sha256: Digest
    /// The Git blob id; of the LFS pointer if `isLFS`.
    public let gitBlob: GitObjectID
    public let isLFS: Bool
    public let isSafetensors: Bool
}

extension ModelRegistry {
    /// A version and its files; reads neither tensors nor packs.
    /// - Throws: a `notFound` error that says what there is.
    public func files(of reference: VersionReference) throws -> (version: VersionSummary, files: [VersionFile]) {
        let (version, files) = try catalog.fileEntries(of: reference)
        return (VersionSummary(version), files.map(VersionFile.init))
    }

    /// A version and one of its files, nil if it has none of that path; reads neither tensors nor packs.
    /// - Throws: a `notFound` error that says what there is, if there is no such version.
    public func file(_ path: String, of reference: VersionReference) throws -> (VersionSummary, VersionFile?) {
        let (version, file) = try catalog.fileEntry(path: path, of: reference)
        return (VersionSummary(version), file.map(VersionFile.init))
    }
}

extension VersionFile {
    fileprivate init(_ file: FileEntry) {
        self.init(
            path: file.path, size: file.size, sha256: file.sha256, gitBlob: file.gitBlobID, isLFS: file.isLFS,
            isSafetensors: file.isSafetensors)
    }
}
