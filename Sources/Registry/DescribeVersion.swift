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
        /// Of the file as it was registered, where a lossy codec gives back another one.
        public let originalSha256: Digest?
        public let content: StoredContent
    }

    public struct Tensor: Sendable, Codable {
        public let name: String
        public let file: String
        public let type: ElementType
        public let shape: TensorShape
        public let size: Int
        public let content: StoredContent
        /// What is stored for it: the chunks and what they share; 0 for what the base has, or a tensor before it.
        public let storedBytes: Int
        public let tensorClass: TensorClass
        /// The codec and the figures of a tensor that came back changed; nil if the bytes are those that were registered.
        public let lossyCodec: String?
        public let quality: DeltaQuality?
    }

    /// How the bytes of a file, a header or a tensor are kept.
    public struct StoredContent: Sendable, Codable {
        public let sha256: Digest
        public let codec: String
        /// The bytes in the pack that holds it.
        public let storedBytes: Int
        /// The stored bytes of objects that its lossy chunks refer to, beside the base.
        public let sharedBytes: Int
        /// Whether this version's own pack holds it; if not, it is shared with what was registered before.
        public let isShared: Bool
    }

    public let version: VersionSummary
    public let tree: GitObjectID
    public let pack: Digest?
    public let files: [File]
    public let tensors: [Tensor]
    /// The recipe of a lossy version, as its manifest has it.
    public let compression: String?
    /// Newest first.
    public let evaluations: [Evaluation]
    /// What is stored of it, for what; what the base has counts nothing, what other versions have too counts here as well.
    public let sizes: StorageFigures
}

extension ModelRegistry {
    /// Everything that the catalog knows of a version.
    /// - Throws: a `notFound` error that says what there is.
    public func describe(_ reference: VersionReference) throws -> VersionDetails {
        let version = try catalog.version(reference)
        let files = try catalog.files(of: version.id)
        let pack = try catalog.pack(of: version.id)?.id
        // What the base has is stored for the base; what other versions have is needed here too.
        let ofBase = try version.baseVersion.map { try catalog.files(of: $0) }?.flatMap(\.objects) ?? []
        let storage = try StoredObjects(of: files, besides: Set(ofBase), catalog: catalog)
        func stored(_ digest: Digest) throws -> VersionDetails.StoredContent {
            let object = try storage.object(digest)
            return VersionDetails.StoredContent(
                sha256: digest, codec: object.codec, storedBytes: object.storedBytes,
                sharedBytes: storage.shared(by: digest).reduce(0) { $0 + $1.storedBytes },
                isShared: object.pack != pack)
        }
        var counted: Set<Digest> = []
        return VersionDetails(
            version: VersionSummary(version), tree: version.tree, pack: pack,
            files: try files.map { file in
                VersionDetails.File(
                    path: file.path, size: file.size, sha256: file.sha256, gitBlob: file.gitBlobID,
                    isLFS: file.isLFS, tensorCount: file.tensors.count,
                    originalSha256: file.original, content: try stored(file.head))
            },
            tensors: try files.flatMap { file in
                try file.tensors.map { tensor in
                    VersionDetails.Tensor(
                        name: tensor.name, file: file.path, type: tensor.type, shape: tensor.shape,
                        size: tensor.byteCount, content: try stored(tensor.object),
                        storedBytes: storage.bytes(for: tensor.object, counted: &counted),
                        tensorClass: TensorClass(name: tensor.name, type: tensor.type, shape: tensor.shape),
                        lossyCodec: tensor.loss?.codec, quality: tensor.loss.map(DeltaQuality.init))
                }
            },
            compression: try catalog.recipe(of: version.id)?.json,
            evaluations: try catalog.evaluations(of: version.id).map(Evaluation.init),
            sizes: storage.figures(of: version, files: files, pack: pack))
    }

    /// All versions of a model, newest first.
    public func log(of model: ModelName) throws -> [VersionSummary] {
        _ = try catalog.version(VersionReference(model: model, selector: .latest))
        return try catalog.versions(of: model).map(VersionSummary.init)
    }
}

extension FileRecord {
    /// All objects of the file.
    var objects: [Digest] { [head] + tensors.map(\.object) }

    /// The object with the file's own bytes: all of a raw file, the header of a safetensors file.
    var head: Digest {
        switch content {
        case .raw(let object): object
        case .safetensors(let header, _): header
        }
    }
}

extension DeltaQuality {
    init(_ loss: TensorLoss) {
        self.init()
        count = loss.elements
        changed = loss.changed
        sameSign = loss.sameSign
        deltaSquares = loss.deltaSquares
        reconstructedSquares = loss.reconstructedSquares
        product = loss.product
        weightSquares = loss.weightSquares
        errorSquares = loss.errorSquares
    }
}
