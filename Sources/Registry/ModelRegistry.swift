internal import Catalog
public import DeltaicCore
internal import Foundation

/// A registry in a folder: the only door to packs and catalog.
///
/// A value may be shared between tasks. Processes exclude each other by locks on files of the folder: those that change the
/// registry one another, those that delete packs also those that read them.
public final class ModelRegistry: Sendable {
    let directory: RegistryDirectory
    let catalog: CatalogDatabase
    let objects: ObjectReader
    private let source: CatalogObjects
    /// Whether it was opened to be looked at only.
    public let isReadOnly: Bool
    let workers: WorkerPool
    let progress: any ProgressReport
    private let lockPatience: Int
    private static let taskPatience = 10
    /// Changes wait for a registration of another process, which takes long: Hub clients wait for their commit without a limit.
    private static let writerPatience = 120
    private let writers = Permits(count: 1)
    let gitTrees = GitTreeCache(budget: 32 << 20)
    let gitPermits = Permits(count: HeldGitObject.largeObjects)

    /// The folder of the registry.
    public var path: String { directory.path }

    /// How a registry is used by one process.
    public struct Options: Sendable {
        /// Each thread works on buffers of about 24 MiB, and all together have to stay under 512 MiB.
        public static let threadLimit = 16

        /// The number of threads that encode and decode, at most ``threadLimit``; all processors if it is not given.
        public var threads: Int
        public var progress: any ProgressReport
        /// For how many seconds other processes are waited for; registering a large model takes long.
        ///
        /// 0 to ask once. Tasks wait ten seconds at least: they hold up nobody.
        public var lockPatience: Int
        /// Whether nothing will be changed: the catalog is opened for reading only.
        public var isReadOnly: Bool

        public init(
            threads: Int? = nil,
            progress: any ProgressReport = SilentProgress(), isReadOnly: Bool = false, lockPatience: Int = 3600
        ) {
            self.threads = min(max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount), Self.threadLimit)
            self.progress = progress
            self.isReadOnly = isReadOnly
            self.lockPatience = lockPatience
        }
    }

    /// Makes a new registry in a folder that is empty or does not exist.
    /// - Throws: `.notEmpty`, `.ioFailure`, `.noSpace`.
    public static func create(at path: String) throws {
        try RegistryDirectory(path: path).create { _ = try CatalogDatabase.create(path: $0) }
    }

    /// Opens the registry in a folder.
    /// - Throws: `.noRegistry` if there is none, or what is wrong with its catalog.
    public init(path: String, options: Options = Options()) throws {
        directory = RegistryDirectory(path: path)
        try directory.check()
        catalog = try Self.openCatalog(directory.catalogPath, isReadOnly: options.isReadOnly)
        source = CatalogObjects(packs: directory.packs, catalog: catalog)
        objects = ObjectReader(source: source)
        workers = WorkerPool(threads: options.threads)
        progress = options.progress
        isReadOnly = options.isReadOnly
        lockPatience = options.lockPatience
    }

    /// Opens the catalog; an older one is brought up to date first, for looking at it too, where the file can be written.
    private static func openCatalog(_ path: String, isReadOnly: Bool) throws -> CatalogDatabase {
        do {
            return try CatalogDatabase.open(path: path, readOnly: isReadOnly)
        } catch let error as DeltaicError where isReadOnly && error.code == .unsupported {
            guard FileManager.default.isWritableFile(atPath: path) else { throw error }
            _ = try CatalogDatabase.open(path: path)
            return try CatalogDatabase.open(path: path, readOnly: true)
        }
    }

    /// Compares versions in the catalog with the manifests in their packs.
    var manifests: ManifestCheck { ManifestCheck(catalog: catalog, packs: directory.packs) }

    /// Closes packs that were deleted, so that the disk gets its space back.
    func closeDeletedPacks() { source.closeDeleted() }

    // Locks are taken in this order, so that two processes never wait for each other: first the one on packs, then the one
    // on the catalog's contents.

    // Each is there twice: code that runs in a task must not hold a thread while it waits, for the task that holds the lock
    // may need it.

    /// Waits until no other process deletes packs, and keeps it from doing so.
    func lockForReading() throws -> RegistryLock { try wait(directory.readerLockPath, .shared).run() }
    func lockForReading() async throws -> RegistryLock {
        try await wait(directory.readerLockPath, .shared, atLeast: Self.taskPatience).run()
    }

    /// Waits until no other process reads packs, and keeps others from doing so.
    func lockForDeleting() async throws -> RegistryLock {
        try await wait(directory.readerLockPath, .exclusive, atLeast: Self.taskPatience).run()
    }

    /// Waits until no other process changes what is registered, and keeps others from doing so.
    func lockForWriting() async throws -> WriterLock {
        // Tasks of one process stand in line; only then other processes are asked.
        let turn = await writers.take()
        return WriterLock(
            turn: turn, lock: try await wait(directory.writerLockPath, .exclusive, atLeast: Self.writerPatience).run())
    }

    private func wait(_ path: String, _ mode: RegistryLock.Mode, atLeast seconds: Int = 0) -> LockWait {
        LockWait(path: path, mode: mode, seconds: max(seconds, lockPatience), progress: progress)
    }
}
