internal import Catalog
internal import DeltaicCore
internal import Foundation

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
    let files: [FileRecord]
    var compression: VersionManifest.Compression?
    /// The branch that it is made on; nil for `main`.
    var branch: String?
    /// How often its pack was written anew.
    var rewrite: Int?

    func manifest(base: VersionRecord?) -> VersionManifest {
        VersionManifest(
            model: registration.name.description, isBase: isBase, number: number,
            base: base.map { .init(model: $0.model.description, number: $0.number, commit: $0.commit) },
            task: registration.task, message: registration.message, metadata: registration.metadata,
            tags: registration.tags, commit: commit, tree: tree, parent: parent, createdAt: createdAt,
            files: files.map(VersionManifest.File.init), compression: compression, branch: branch, rewrite: rewrite)
    }

    func record(
        base: VersionRecord?, pack: PackRecord, objects: [ObjectRecord], blocks: [BlockRecord]
    ) throws -> NewVersion {
        NewVersion(
            model: registration.name, isBase: isBase, baseVersion: base?.id, task: registration.task,
            message: registration.message, metadata: registration.metadata, tags: registration.tags, commit: commit,
            tree: tree, parentCommit: parent, createdAt: createdAt, pack: pack, objects: objects, blocks: blocks,
            files: files, recipe: try compression.map { RecipeRecord(codec: $0.codec, json: try $0.json()) },
            branch: branch)
    }
}

extension HashedFile {
    /// The file as the catalog has it.
    var record: FileRecord {
        let content =
            records.map { FileRecord.Content.safetensors(header: head.digest, tensors: $0) }
            ?? .raw(object: head.digest)
        return FileRecord(
            path: path, size: size, sha256: sha256, gitBlobID: gitBlobID, isLFS: isLFS, content: content,
            original: original)
    }

    /// The tensors in the order of the file; nil for a raw file.
    fileprivate var records: [TensorRecord]? {
        tensors?.compactMap { tensor in
            guard let type = tensor.piece.type, let shape = tensor.piece.shape else { return nil }
            return TensorRecord(
                name: tensor.piece.name, type: type, shape: shape, object: tensor.digest, loss: tensor.loss)
        }
    }
}

extension VersionManifest.Compression {
    /// As the catalog keeps it.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
