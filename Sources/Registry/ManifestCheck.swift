internal import Catalog
internal import DeltaicCore
internal import Foundation
internal import PackFormat

/// Compares what the catalog says of a version with the manifest in its pack.
///
/// The catalog's rows have no checksums of their own; the manifest is covered by the pack's id.
struct ManifestCheck: Sendable {
    let packs: PackDirectory

    /// - Throws: `.catalogDamaged` naming the version, the file and the tensor in which they differ, or what is wrong with
    ///   the pack.
    func run(_ contents: VersionContents) throws {
        try run(contents) { try packs.open($0) }
    }

    /// - Parameter open: gives the pack with an id.
    func run(_ contents: VersionContents, open: (Digest) throws -> PackReader) throws {
        let (version, files) = (contents.version, contents.files)
        // A version whose pack is another's has none of its own.
        guard let pack = contents.pack else { return }
        try naming("\(version.model)@v\(version.number)") {
            guard let json = try open(pack).manifest() else {
                throw DeltaicError(.malformedPack, "the pack has no manifest", at: ["pack \(pack.short)"])
            }
            let manifest = try VersionManifest(json: json)
            guard manifest.agrees(with: version) else {
                throw mismatch("catalog and manifest differ in what they say of the version", pack)
            }
            let listed = files.map(VersionManifest.File.init)
            for (file, expected) in zip(listed, manifest.files) where file != expected {
                try naming(expected.path) {
                    let tensors = zip(file.tensors ?? [], expected.tensors ?? [])
                    if let (_, tensor) = tensors.first(where: { $0 != $1 }) {
                        throw mismatch("catalog and manifest differ in the tensor \"\(tensor.name)\"", pack)
                    }
                    throw mismatch("catalog and manifest differ in the file", pack)
                }
            }
            guard listed.count == manifest.files.count else {
                throw mismatch("catalog and manifest differ in the number of files", pack)
            }
        }
    }

    private func mismatch(_ message: String, _ pack: Digest) -> DeltaicError {
        DeltaicError(
            .catalogDamaged, message, at: ["pack \(pack.short)"],
            advice: "the packs are not affected: `deltaic rebuild` makes the catalog anew from them")
    }
}

extension VersionManifest {
    /// Reads a manifest that came out of a pack.
    /// - Throws: `.malformedPack` if it is no manifest.
    init(json: [UInt8]) throws(DeltaicError) {
        do {
            self = try JSONDecoder().decode(VersionManifest.self, from: Data(json))
        } catch {
            throw DeltaicError(.malformedPack, "the manifest cannot be read: \(error)")
        }
    }

    /// The manifest of a version whose own is lost, from what the catalog says; the tags of registration are in no catalog.
    ///
    /// - Parameters:
    ///   - baseCommit: the commit of its base.
    ///   - branch: the branch that it is the newest version of, if it was made on one.
    init(
        _ version: VersionRecord, files: [FileRecord], recipe: RecipeRecord?, baseCommit: GitObjectID?, branch: String?
    ) throws {
        var base: Base?
        if let name = version.baseRegisteredAs ?? version.baseName, let number = version.baseNumber, let baseCommit {
            base = Base(model: name, number: number, commit: baseCommit)
        }
        self.init(
            model: version.registeredAs ?? version.model.description, isBase: version.isBase, number: version.number,
            base: base, task: version.task, message: version.message, metadata: version.metadata, tags: [],
            commit: version.commit, tree: version.tree, parent: version.parentCommit, createdAt: version.createdAt,
            files: files.map(File.init),
            compression: try recipe.map { try JSONDecoder().decode(Compression.self, from: Data($0.json.utf8)) },
            branch: version.isOnMain ? nil : branch ?? "unknown", rewrite: 1)
    }

    fileprivate func agrees(with version: VersionRecord) -> Bool {
        // A model may have got another name since, its base too, and may have become a base, or one no longer.
        model == version.registeredAs ?? version.model.description && number == version.number
            && commit == version.commit && tree == version.tree && parent == version.parentCommit
            && createdAt == version.createdAt && base?.number == version.baseNumber
            && (branch == nil) == version.isOnMain && task == version.task
            && message == version.message && metadata == version.metadata
    }
}

extension VersionManifest.File {
    init(_ file: FileRecord) {
        let tensors: [VersionManifest.Tensor]? =
            if case .safetensors(_, let tensors) = file.content {
                tensors.map { .init(name: $0.name, type: $0.type, shape: $0.shape, sha256: $0.object) }
            } else {
                nil
            }
        self.init(
            path: file.path, size: file.size, sha256: file.sha256, blob: file.gitBlobID, lfs: file.isLFS,
            content: file.head, tensors: tensors, original: file.original, losses: file.losses)
    }
}

extension FileRecord {
    fileprivate var losses: [VersionManifest.Loss]? {
        let losses = tensors.enumerated().compactMap { position, tensor in
            tensor.loss.map {
                VersionManifest.Loss(
                    position: position, codec: $0.codec, counts: [$0.elements, $0.changed, $0.sameSign],
                    sums: [
                        $0.deltaSquares, $0.reconstructedSquares, $0.product, $0.weightSquares, $0.errorSquares,
                    ])
            }
        }
        return losses.isEmpty ? nil : losses
    }
}
