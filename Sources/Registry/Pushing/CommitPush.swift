internal import Catalog
public import DeltaicCore
internal import Foundation
internal import Glibc
internal import PackFormat
internal import TensorFiles

extension DeltaicError.Code {
    /// The branch has moved on since the client looked at it.
    public static let staleParent = Self("staleParent", .conflict)
}

extension ModelRegistry {
    /// Makes a version of a model's newest one and a client's changes.
    ///
    /// When this returns, the version is durable and readable. Large files of it may be stored as they came: then it is pending,
    /// until ``compress(_:rules:)``.
    ///
    /// - Parameter mayRead: whether the client may read a model, and so name a large file of it that it did not send.
    /// - Throws: `.unknownModel`, `.unknownBranch`, `.staleParent`, `.uploadMissing`, `.uploadMismatch`, `.unsafePath`,
    ///   `.collidingPaths`, `.unknownContent`; nothing is changed then.
    public func commit(_ push: Push, mayRead: @escaping @Sendable (ModelName) -> Bool = { _ in true }) async throws
        -> PushResult
    {
        let spooled = push.operations.compactMap { operation -> ScannedInput? in
            guard case .add(let path, let content) = operation else { return nil }
            return .spooled(content, as: path)
        }
        let scanned = try await InputScan(inputs: spooled, workers: workers, progress: SilentProgress()).run()
        let card = try ModelCard(of: scanned)
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        guard let head = try catalog.head(of: push.branch, in: push.model) else {
            throw DeltaicError(.unknownBranch, "\(push.model) has no branch \"\(push.branch ?? "")\"")
        }
        if let expected = push.expectedParent, !head.commit.hex.hasPrefix(expected.lowercased()) {
            throw DeltaicError(
                .staleParent, "the branch has moved on since the commit was prepared", at: ["\(push.model)"],
                expected: "parent \(expected)", found: head.commit.hex, advice: "look at what is new, and commit again")
        }
        return try await CommitStep(
            registry: self, push: push, head: head, card: card,
            spooled: Dictionary(scanned.map { ($0.path, $0) }, uniquingKeysWith: { $1 }), mayRead: mayRead
        ).run()
    }

    /// Where the bytes of small files go that come with a push, until they are part of a version.
    public func spoolFolder() throws -> SpoolFolder {
        SpoolFolder(folder: try ScratchFolder(in: try directory.uploads.folder("spool")))
    }
}

/// A folder for the small files of one push; it goes with the value, and if the process is killed, with a later one.
public final class SpoolFolder: Sendable {
    private let folder: ScratchFolder

    public var path: String { folder.path }

    init(folder: ScratchFolder) {
        self.folder = folder
    }
}

extension ScannedInput {
    fileprivate static func spooled(_ content: SpooledContent, as path: String) -> ScannedInput {
        ScannedInput(
            path: path, file: InputFile(path: content.path, size: content.size),
            isLFS: LFSRule.isLarge(path: path, size: content.size), content: .raw)
    }
}

extension ModelRegistry {
    /// How a version was compressed; nil unless it was with lossy codecs.
    fileprivate func compression(of version: VersionRecord) throws -> VersionManifest.Compression? {
        guard let pack = try catalog.pack(of: version.id), let json = try directory.packs.open(pack.id).manifest()
        else { return nil }
        return try VersionManifest(json: json).compression
    }
}

/// What is done of a commit while nobody else can change the registry.
private struct CommitStep {
    let registry: ModelRegistry
    let push: Push
    let head: VersionRecord
    let card: ModelCard?
    let spooled: [String: HashedFile]
    let mayRead: (ModelName) -> Bool

    func run() async throws -> PushResult {
        let before = try registry.catalog.files(of: head.id)
        var lookup = LargeFileLookup(registry: registry, model: push.model, mayRead: mayRead)
        var files: [FileRecord] = []
        var new: [HashedFile] = []
        for (path, source) in try PushedFiles(push.operations, to: before).files {
            switch source {
            case .kept(let file): files.append(file)
            case .large(let digest, let size): files.append(try lookup.file(path: path, sha256: digest, size: size))
            case .spooled:
                guard let file = spooled[path] else { throw DeltaicError.inputChanged(path) }
                files.append(file.record)
                new.append(file)
            }
        }
        let tree = try GitTree(files.map { ($0.path, $0.gitBlobID) }).root
        guard tree != head.tree else { return PushResult(version: VersionSummary(head), isNew: false) }
        let first = try push.branch == nil && registry.isUntouched(head) ? head : nil
        let folder = try registry.spoolFolder()
        defer { withExtendedLifetime(folder) {} }
        if first != nil { new += try await attributes(keptIn: files, folder) }
        let version = try await publish(
            files, new: new, tree: tree, adopted: Array(lookup.adopted.values), replacing: first)
        for path in lookup.superseded { unlink(path) }
        return PushResult(version: VersionSummary(version), isNew: true)
    }

    /// The version that was made with the model goes, so what is kept of it is stored anew.
    private func attributes(keptIn files: [FileRecord], _ folder: SpoolFolder) async throws -> [HashedFile] {
        let isKept = files.contains { $0.path == GitAttributes.path } && spooled[GitAttributes.path] == nil
        return isKept ? [try await registry.scannedAttributes(folder)] : []
    }

    private func publish(
        _ files: [FileRecord], new: [HashedFile], tree: GitObjectID, adopted: [LargeFileLookup.Adopted],
        replacing first: VersionRecord?
    ) async throws -> VersionRecord {
        let catalog = registry.catalog
        let registration = Registration(
            name: push.model, task: card?.task ?? head.task, message: push.message)
        var draft = try registry.draft(
            registration, isBase: head.isBase,
            number: first == nil ? try catalog.nextNumber(of: push.model) : 1, tree: tree,
            parent: first == nil ? head.commit : nil, files: files)
        draft.branch = push.branch
        // Weights that are kept are what they were: deltas of the same base, made by the same codecs.
        let keepsWeights = files.contains { !$0.tensors.isEmpty }
        let base = keepsWeights ? try head.baseVersion.flatMap { try catalog.version(id: $0) } : nil
        if files.contains(where: { $0.tensors.contains { $0.loss != nil } }) {
            draft.compression = try registry.compression(of: head)
        }
        let packs = registry.directory.packs
        for upload in adopted { try packs.adopt(upload.pack.id, from: upload.path) }
        try packs.deleteLeftovers()
        let writer = try packs.newPack()
        let moving = Set(new.map(\.head.digest))
        let rewritten = first == nil ? [] : try catalog.movableObjects(Array(moving), for: head.id)
        let content = try await registry.store(exactly: new, base: nil, rewritten: rewritten, to: writer)
        try writer.write(manifest: try draft.manifest(base: base).json())
        let version = try registry.publish(writer, draft: draft, base: base, content: content) { version in
            version.isPending = try isPending(files, new: new, adopted: Set(adopted.map(\.object.digest)))
            version.pusherNamespace = push.namespace
            version.adopted = adopted.map { ($0.pack, $0.object) }
            version.replacedFirst = first?.id
        }
        for upload in adopted { unlink(upload.path) }
        return version
    }

    /// Whether a file of the version is stored as it came: as an upload, now or with a version before, or in the commit itself.
    private func isPending(_ files: [FileRecord], new: [HashedFile], adopted: Set<Digest>) throws -> Bool {
        if new.contains(where: { $0.isLFS && ModelFile.isSafetensors(path: $0.path) }) { return true }
        let large = files.filter { $0.isLFS && $0.tensors.isEmpty }.map(\.head)
        guard !large.contains(where: adopted.contains) else { return true }
        return try !registry.catalog.movableObjects(large).isEmpty
    }
}
