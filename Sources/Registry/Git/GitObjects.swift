internal import Catalog
public import DeltaicCore

/// An object of Git in memory, and the room that it takes there.
public struct HeldGitObject: Sendable {
    /// Objects over this many bytes are large: few are in memory at a time.
    static let largeSize = 256 << 10
    static let largeObjects = 2

    public let object: GitObject
    /// Nil for a small object.
    let permit: Permit?

    init(_ object: GitObject, permit: Permit? = nil) {
        self.object = object
        self.permit = permit
    }
}

extension ModelRegistry {
    /// A commit, a tree or a blob of one of a model's versions, nil if none has it.
    ///
    /// Large files are LFS pointers to Git, so that an object has 10 MiB at most; whoever wants a large one waits until few
    /// others hold one. What is returned was hashed: it has the id.
    /// - Parameter isWanted: asked after such a wait; false ends it with a `CancellationError`.
    /// - Throws: `.unknownModel`; a damage code if what is stored gives another object.
    public func gitObject(
        _ id: GitObjectID, of model: ModelName, isWanted: @Sendable () -> Bool = { true }
    ) async throws -> HeldGitObject? {
        try await naming("Git object \(id.short) of \(model)") {
            switch try catalog.gitTarget(id, of: model) {
            case .commit(let version): return HeldGitObject(try commit(of: version))
            case .tree(let root): return try trees(of: root)[id].map { HeldGitObject($0) }
            case .blob(let file, let version):
                let isLarge = !file.isLFS && file.size > HeldGitObject.largeSize
                let permit = isLarge ? await gitPermits.take() : nil
                guard isWanted() else { throw CancellationError() }
                return HeldGitObject(try await blob(of: file, in: version), permit: permit)
            case .other(let roots):
                for root in roots {
                    if let tree = try trees(of: root)[id] { return HeldGitObject(tree) }
                }
                return nil
            }
        }
    }

    private func commit(of version: VersionRecord) throws -> GitObject {
        let commit = try GitCommit.object(
            tree: version.tree, parent: version.parentCommit,
            of: try ModelName(version.registeredAs ?? "\(version.model)"), createdAt: version.createdAt,
            message: version.message)
        try check(commit, is: version.commit, what: "commit of v\(version.number)")
        return commit
    }

    /// All trees of a version.
    func trees(of root: GitRootTree) throws -> [GitObjectID: GitObject] {
        try gitTrees.trees(of: root.id) {
            let tree = try GitTree(try catalog.fileEntries(of: root.version).map { ($0.path, $0.gitBlobID) })
            guard tree.root == root.id else { throw Self.mismatch(root.id, found: tree.root, what: "tree") }
            return tree.objects
        }
    }

    private func blob(of file: FileEntry, in version: VersionRecord) async throws -> GitObject {
        try await naming(file.path) {
            let body =
                file.isLFS
                ? LFSPointer.text(sha256: file.sha256, size: file.size) : try await content(of: file, in: version)
            let blob = try GitObject(.blob, body: body)
            try check(blob, is: file.gitBlobID, what: "file")
            return blob
        }
    }

    private func content(of file: FileEntry, in version: VersionRecord) async throws -> [UInt8] {
        guard file.size <= LFSRule.sizeLimit else {
            throw DeltaicError(
                .catalogDamaged, "a large file is said to be no LFS pointer",
                expected: "at most \(LFSRule.sizeLimit) bytes", found: "\(file.size)")
        }
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(file.size)
        try await FileReconstruction(file: try record(of: file, in: version), reader: objects)
            .run(workers: workers, progress: SilentProgress()) { bytes += $0 }
        return bytes
    }

    /// The file as reconstruction takes it.
    private func record(of file: FileEntry, in version: VersionRecord) throws -> FileRecord {
        if file.isSafetensors, let whole = try catalog.files(of: version.id).first(where: { $0.path == file.path }) {
            return whole
        }
        return FileRecord(
            path: file.path, size: file.size, sha256: file.sha256, gitBlobID: file.gitBlobID, isLFS: file.isLFS,
            content: .raw(object: file.head), original: file.original)
    }

    private func check(_ object: GitObject, is id: GitObjectID, what: String) throws(DeltaicError) {
        if object.id != id { throw Self.mismatch(id, found: object.id, what: what) }
    }

    private static func mismatch(_ id: GitObjectID, found: GitObjectID, what: String) -> DeltaicError {
        DeltaicError(
            .contentMismatch, "the \(what) is not the one that was registered", expected: "id \(id.short)",
            found: found.short, advice: "run `deltaic verify`")
    }
}

extension GitCommit {
    /// The commit of a version, the same at registration and ever after.
    ///
    /// - Parameters:
    ///   - createdAt: seconds since 1970.
    ///   - message: that of the registration, nil if it had none.
    static func object(
        tree: GitObjectID, parent: GitObjectID?, of model: ModelName, createdAt: Int, message: String?
    ) throws(DeltaicError) -> GitObject {
        try object(
            tree: tree, parents: parent.map { [$0] } ?? [],
            author: GitCommit.Author(name: "Deltaic", email: "deltaic@localhost"), timestamp: createdAt,
            message: message ?? "Register \(model)")
    }
}
