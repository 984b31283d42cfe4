internal import Catalog
internal import DeltaicCore

/// A version that is about to be published: what its manifest and its catalog rows are both made from.
struct VersionDraft: Sendable {
    let registration: Registration
    let isBase: Bool
    let number: Int
    let commit: GitObjectID
    let tree: GitObjectID
    let parent: GitObjectID?
    /// Seconds since 1970.
    let createdAt: Int
    let files: [HashedFile]

    func manifest(base: VersionRecord?) -> VersionManifest {
        VersionManifest(
            model: registration.name.description, isBase: isBase, number: number,
            base: base.map { .init(model: $0.model.description, number: $0.number, commit: $0.commit) },
            task: registration.task, message: registration.message, metadata: registration.metadata,
            tags: registration.tags, commit: commit, tree: tree, parent: parent, createdAt: createdAt,
            files: files.map { file in
                VersionManifest.File(
                    path: file.path, size: file.size, sha256: file.sha256, blob: file.gitBlobID, lfs: file.isLFS,
                    content: file.head.digest,
                    tensors: file.records?.map {
                        .init(name: $0.name, type: $0.type, shape: $0.shape, sha256: $0.object)
                    })
            })
    }

    func record(
        base: VersionRecord?, pack: PackRecord, objects: [ObjectRecord], blocks: [BlockRecord]
    ) -> NewVersion {
        NewVersion(
            model: registration.name, isBase: isBase, baseVersion: base?.id, task: registration.task,
            message: registration.message, metadata: registration.metadata, tags: registration.tags, commit: commit,
            tree: tree, parentCommit: parent, createdAt: createdAt, pack: pack, objects: objects, blocks: blocks,
            files: files.map { file in
                let content =
                    file.records.map { FileRecord.Content.safetensors(header: file.head.digest, tensors: $0) }
                    ?? .raw(object: file.head.digest)
                return FileRecord(
                    path: file.path, size: file.size, sha256: file.sha256, gitBlobID: file.gitBlobID,
                    isLFS: file.isLFS, content: content)
            })
    }
}

extension HashedFile {
    /// The tensors in the order of the file; nil for a raw file.
    fileprivate var records: [TensorRecord]? {
        tensors?.compactMap { tensor in
            guard let type = tensor.piece.type, let shape = tensor.piece.shape else { return nil }
            return TensorRecord(name: tensor.piece.name, type: type, shape: shape, object: tensor.digest)
        }
    }
}
