internal import Catalog
public import DeltaicCore
internal import PackFormat

/// A version with its files and tensors, and what each takes.
public struct VersionDetails: Sendable, Codable {
    public struct File: Sendable, Codable {
        public let path: String
        public let size: Int
        public let sha256: Digest
        /// The Git blob id; of the LFS pointer if `isLFS`.
        public let gitBlob: GitObjectID
        public let isLFS: Bool
        public let tensorCount: Int
        public let content: StoredContent
    }

    public struct Tensor: Sendable, Codable {
        public let name: String
        public let file: String
        public let type: ElementType
        public let shape: TensorShape
        public let size: Int
        public let content: StoredContent
    }

    /// How the bytes of a file, a header or a tensor are kept.
    public struct StoredContent: Sendable, Codable {
        public let sha256: Digest
        public let codec: String
        /// The bytes in the pack that holds it.
        public let storedBytes: Int
        /// Whether this version's own pack holds it; if not, it is shared with what was registered before.
        public let isShared: Bool
    }

    public let version: VersionSummary
    public let tree: GitObjectID
    public let pack: Digest?
    public let files: [File]
    public let tensors: [Tensor]
}

extension ModelRegistry {
    /// Everything that the catalog knows of a version.
    /// - Throws: a `notFound` error that says what there is.
    public func describe(_ reference: VersionReference) throws -> VersionDetails {
        let version = try catalog.version(reference)
        let files = try catalog.files(of: version.id)
        let pack = try catalog.pack(of: version.id)?.id
        let digests = Set(files.flatMap { [$0.head] + $0.tensors.map(\.object) })
        let objects = try catalog.objects(Array(digests))
        func stored(_ digest: Digest) throws -> VersionDetails.StoredContent {
            guard let object = objects[digest] else {
                throw DeltaicError(.unknownContent, "the catalog lacks an object", at: ["object \(digest.hex)"])
            }
            return VersionDetails.StoredContent(
                sha256: digest, codec: object.codec, storedBytes: object.storedBytes, isShared: object.pack != pack)
        }
        return VersionDetails(
            version: VersionSummary(version), tree: version.tree, pack: pack,
            files: try files.map { file in
                VersionDetails.File(
                    path: file.path, size: file.size, sha256: file.sha256, gitBlob: file.gitBlobID,
                    isLFS: file.isLFS, tensorCount: file.tensors.count, content: try stored(file.head))
            },
            tensors: try files.flatMap { file in
                try file.tensors.map { tensor in
                    VersionDetails.Tensor(
                        name: tensor.name, file: file.path, type: tensor.type, shape: tensor.shape,
                        size: tensor.byteCount, content: try stored(tensor.object))
                }
            })
    }

    /// All versions of a model, newest first.
    public func log(of model: ModelName) throws -> [VersionSummary] {
        _ = try catalog.version(VersionReference(model: model, selector: .latest))
        return try catalog.versions(of: model).map(VersionSummary.init)
    }
}

extension FileRecord {
    /// The object with the file's own bytes: all of a raw file, the header of a safetensors file.
    var head: Digest {
        switch content {
        case .raw(let object): object
        case .safetensors(let header, _): header
        }
    }
}
