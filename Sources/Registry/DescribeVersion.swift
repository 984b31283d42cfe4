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
        let digests = Set(files.flatMap { [$0.head] + $0.tensors.map(\.object) })
        let objects = try catalog.objects(Array(digests))
        func stored(_ digest: Digest) throws -> VersionDetails.StoredContent {
            guard let object = objects[digest] else {
                throw DeltaicError(.unknownContent, "the catalog lacks an object", at: ["object \(digest.hex)"])
            }
            return VersionDetails.StoredContent(
                sha256: digest, codec: object.codec, storedBytes: object.storedBytes, isShared: object.pack != pack)
        }
        var sizes = StorageFigures()
        sizes.rawBytes = version.rawBytes
        sizes.storedBytes = version.storedBytes
        sizes.weightStoredBytes = version.storedBytes
        var linear: Set<Digest> = []
        // What the base has is stored for the base; what other versions have is needed here too.
        let ofBase = Set(try version.baseVersion.map { try catalog.files(of: $0) }?.flatMap(\.objects) ?? [])
        let lossy = Set(files.flatMap(\.tensors).filter { $0.loss != nil }.map(\.object))
        for file in files {
            guard case .safetensors = file.content else {
                if let object = objects[file.head], object.pack == pack {
                    sizes.weightStoredBytes -= object.storedBytes
                }
                continue
            }
            sizes.weightRawBytes += file.size
            for digest in Set(file.objects).subtracting(ofBase) {
                if let object = objects[digest], object.pack != pack { sizes.weightStoredBytes += object.storedBytes }
            }
            for tensor in file.tensors
            where TensorClass(name: tensor.name, type: tensor.type, shape: tensor.shape) == .linear {
                sizes.linearRawBytes += tensor.byteCount
                linear.insert(tensor.object)
            }
        }
        for digest in linear.sorted() {
            guard let object = objects[digest], !ofBase.contains(digest) else { continue }
            sizes.linearStoredBytes += object.storedBytes
            // What the chunks of a lossy tensor share is stored for it.
            for shared in object.dependencies where shared != object.base {
                guard lossy.contains(digest), let bytes = try catalog.objects([shared])[shared],
                    linear.insert(shared).inserted
                else { continue }
                sizes.linearStoredBytes += bytes.storedBytes
            }
        }
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
                        tensorClass: TensorClass(name: tensor.name, type: tensor.type, shape: tensor.shape),
                        lossyCodec: tensor.loss?.codec, quality: tensor.loss.map(DeltaQuality.init))
                }
            },
            compression: try catalog.recipe(of: version.id)?.json,
            evaluations: try catalog.evaluations(of: version.id).map(Evaluation.init), sizes: sizes)
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
