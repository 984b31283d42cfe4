internal import Catalog
internal import DeltaicCore
internal import Foundation
internal import PackFormat

/// Finds the bytes of a large file that a push names by its SHA-256: among the versions that its client may read, or among what
/// was sent for the model.
struct LargeFileLookup {
    /// An upload that becomes part of the registry.
    struct Adopted {
        let path: String
        let pack: PackRecord
        let object: ObjectRecord
    }

    let registry: ModelRegistry
    let model: ModelName
    let mayRead: (ModelName) -> Bool
    private(set) var adopted: [Digest: Adopted] = [:]
    /// Uploads that are not needed once the push is a version: what they hold is stored already.
    private(set) var superseded: Set<String> = []

    init(registry: ModelRegistry, model: ModelName, mayRead: @escaping (ModelName) -> Bool) {
        self.registry = registry
        self.model = model
        self.mayRead = mayRead
    }

    /// - Parameter size: what the client says; nil if it says nothing.
    /// - Throws: `.uploadMissing` if it is nowhere, `.uploadMismatch` if it has another size.
    mutating func file(path: String, sha256: Digest, size: Int?) throws -> FileRecord {
        let found = try content(of: sha256)
        guard size == nil || size == found.size else {
            throw DeltaicError(
                .uploadMismatch, "the file is not as long as the commit says", at: [path],
                expected: "\(size ?? 0) bytes", found: "\(found.size)")
        }
        return FileRecord(
            path: path, size: found.size, sha256: sha256,
            gitBlobID: try LFSPointer.blobID(sha256: sha256, size: found.size), isLFS: true, content: found.content)
    }

    private mutating func content(of sha256: Digest) throws -> (size: Int, content: FileRecord.Content) {
        if let known = adopted[sha256] { return (known.object.length, .raw(object: sha256)) }
        let own = try registry.catalog.versions(withFile: sha256, of: model)
        let others = own.isEmpty ? try registry.catalog.versions(withFile: sha256).filter { mayRead($0.model) } : []
        for (version, _) in own + others {
            guard let file = try registry.catalog.filesIfRegistered(of: version)?.first(where: { $0.sha256 == sha256 })
            else {
                continue
            }
            superseded.insert(registry.uploads.path(of: sha256, for: model))
            return (file.size, file.content.withoutLosses)
        }
        let pack = try registry.uploads.pack(sha256, for: model)
        guard let object = pack.object(sha256), pack.objects.count == 1 else {
            throw DeltaicError(.uploadMismatch, "the pack of an upload holds another file", at: ["file \(sha256.hex)"])
        }
        let size = object.description.byteCount
        adopted[sha256] = Adopted(
            path: registry.uploads.path(of: sha256, for: model),
            pack: PackRecord(
                id: pack.id, byteCount: pack.byteCount, createdAt: Int(Date().timeIntervalSince1970)),
            object: ObjectRecord(
                digest: sha256, length: size, pack: pack.id, position: 0, codec: "solo",
                storedBytes: object.storedBytes, base: nil, depth: 0, dependencies: []))
        return (size, .raw(object: sha256))
    }
}

extension FileRecord.Content {
    /// A copy of a lossy file is just these bytes: what they cost was another version's business.
    var withoutLosses: FileRecord.Content {
        switch self {
        case .raw: self
        case .safetensors(let header, let tensors):
            .safetensors(
                header: header,
                tensors: tensors.map {
                    TensorRecord(name: $0.name, type: $0.type, shape: $0.shape, object: $0.object, loss: nil)
                })
        }
    }
}
