internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import TensorFiles

/// A version manifest that another registry sent, checked as far as that goes without the objects.
struct IncomingManifest: Sendable {
    /// Numbers above this are nobody's: they would leave no room for versions to come.
    static let numberLimit = 1_000_000_000

    let manifest: VersionManifest
    /// Whether the model is a base; that may have changed since the manifest was written.
    let isBase: Bool
    let model: ModelName
    let files: [FileRecord]

    /// - Throws: what is wrong with it; a `refusedInput` code but for names of files that collide.
    init(json: [UInt8], isBase: Bool?) throws(DeltaicError) {
        let manifest = try VersionManifest(json: json)
        guard manifest.manifest == VersionManifest.version else {
            throw DeltaicError(
                .unsupported, "the manifest is of a kind that this version does not know",
                expected: "\(VersionManifest.version)", found: "\(manifest.manifest)", advice: "use a newer deltaic")
        }
        self.manifest = manifest
        self.isBase = isBase ?? manifest.isBase
        model = try ModelName(manifest.model)
        guard (1...Self.numberLimit).contains(manifest.number) else {
            throw Self.refusal(
                "the version's number is out of range", expected: "1 to \(Self.numberLimit)",
                found: "\(manifest.number)")
        }
        if let base = manifest.base {
            _ = try ModelName(base.model)
            guard !self.isBase else { throw Self.refusal("a base is said to be a delta of another base") }
        }
        if let task = manifest.task { try ModelName.check(task, kind: "task", limit: 96) }
        guard !manifest.files.isEmpty else { throw Self.refusal("the version has no files") }
        for file in manifest.files { try FileNames.check(file.path) }
        try FileNames.checkTogether(manifest.files.lazy.map(\.path))
        var files: [FileRecord] = []
        var total = 0
        for file in manifest.files {
            do throws(DeltaicError) {
                files.append(try Self.record(file))
            } catch {
                throw error.inside(file.path)
            }
            let (sum, overflow) = total.addingReportingOverflow(file.size)
            guard !overflow else { throw Self.refusal("the sizes of the files are out of range") }
            total = sum
        }
        self.files = files
        try checkIDs()
    }

    /// How it was compressed, as the catalog keeps it.
    func recipe() throws -> RecipeRecord? {
        try manifest.compression.map { RecipeRecord(codec: $0.codec, json: try $0.json()) }
    }

    /// Compares tree and commit with what follows from the files.
    private func checkIDs() throws(DeltaicError) {
        let tree = try GitTree(files.map { ($0.path, $0.gitBlobID) }).root
        guard tree == manifest.tree else {
            throw Self.refusal("the tree id is not that of the files", expected: tree.hex, found: manifest.tree.hex)
        }
        let commit = try GitCommit.object(
            tree: tree, parent: manifest.parent, of: model, createdAt: manifest.createdAt, message: manifest.message)
        guard commit.id == manifest.commit else {
            throw Self.refusal(
                "the commit id is not that of tree, parent, time and message", expected: commit.id.hex,
                found: manifest.commit.hex)
        }
    }

    private static func record(_ file: VersionManifest.File) throws(DeltaicError) -> FileRecord {
        guard file.size >= 0 else { throw refusal("the size is negative") }
        guard file.lfs || file.size <= LFSRule.sizeLimit else {
            throw refusal("so large a file has to be an LFS file")
        }
        guard !file.lfs || file.size > 0 else { throw refusal("an empty file cannot be an LFS file") }
        if file.lfs {
            let blob = try LFSPointer.blobID(sha256: file.sha256, size: file.size)
            guard blob == file.blob else {
                throw refusal("the blob id is not that of the LFS pointer", expected: blob.hex, found: file.blob.hex)
            }
        }
        guard let listed = file.tensors else {
            guard file.losses == nil else { throw refusal("a file without tensors has figures of tensors") }
            return FileRecord(
                path: file.path, size: file.size, sha256: file.sha256, gitBlobID: file.blob, isLFS: file.lfs,
                content: .raw(object: file.content), original: file.original)
        }
        var losses: [Int: TensorLoss] = [:]
        for loss in file.losses ?? [] {
            guard listed.indices.contains(loss.position), losses[loss.position] == nil,
                CodecID(name: loss.codec) != nil, loss.counts.allSatisfy({ $0 >= 0 }),
                loss.sums.allSatisfy(\.isFinite)
            else { throw refusal("the figures of a tensor cannot be right", found: "position \(loss.position)") }
            losses[loss.position] = TensorLoss(loss)
        }
        var tensors: [TensorRecord] = []
        for (position, tensor) in listed.enumerated() {
            let (bytes, overflow) = tensor.shape.elementCount.multipliedReportingOverflow(by: tensor.type.width)
            guard !overflow, bytes <= file.size else {
                throw refusal("the tensor \"\(tensor.name)\" is larger than its file")
            }
            tensors.append(
                TensorRecord(
                    name: tensor.name, type: tensor.type, shape: tensor.shape, object: tensor.sha256,
                    loss: losses[position]))
        }
        return FileRecord(
            path: file.path, size: file.size, sha256: file.sha256, gitBlobID: file.blob, isLFS: file.lfs,
            content: .safetensors(header: file.content, tensors: tensors), original: file.original)
    }

    static func refusal(_ message: String, expected: String? = nil, found: String? = nil) -> DeltaicError {
        DeltaicError(.refusedTransfer, message, expected: expected, found: found)
    }
}

extension TensorLoss {
    fileprivate init?(_ loss: VersionManifest.Loss) {
        guard loss.counts.count == 3, loss.sums.count == 5 else { return nil }
        self.init(
            codec: loss.codec, elements: loss.counts[0], changed: loss.counts[1], sameSign: loss.counts[2],
            deltaSquares: loss.sums[0], reconstructedSquares: loss.sums[1], product: loss.sums[2],
            weightSquares: loss.sums[3], errorSquares: loss.sums[4])
    }
}
