internal import Catalog
public import DeltaicCore
internal import Foundation

/// A registry in a folder: the only door to packs and catalog.
///
/// A value may be shared between tasks. Processes that change the registry exclude each other by a lock on a file of the folder;
/// those that delete packs wait for readers that may know them.
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
    /// Told what went wrong without keeping anything from being done.
    let warn: @Sendable (String) -> Void
    /// Keeps others from putting another catalog in the place of the one that is open.
    private let presence: RegistryLock
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
        /// Told what went wrong without keeping anything from being done: that the journal lags behind.
        public var warn: @Sendable (String) -> Void

        public init(
            threads: Int? = nil,
            progress: any ProgressReport = SilentProgress(), isReadOnly: Bool = false, lockPatience: Int = 3600,
            warn: @escaping @Sendable (String) -> Void = { _ in }
        ) {
            self.threads = min(max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount), Self.threadLimit)
            self.progress = progress
            self.isReadOnly = isReadOnly
            self.lockPatience = lockPatience
            self.warn = warn
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
        presence = try LockWait(
            path: directory.markerPath, mode: .shared, seconds: max(Self.taskPatience, options.lockPatience),
            progress: options.progress
        ).run()
        catalog = try Self.openCatalog(directory, isReadOnly: options.isReadOnly)
        source = CatalogObjects(packs: directory.packs, catalog: catalog)
        objects = ObjectReader(source: source)
        workers = WorkerPool(threads: options.threads)
        progress = options.progress
        isReadOnly = options.isReadOnly
        lockPatience = options.lockPatience
        warn = options.warn
        let copy = Self.copyEvents(to: directory.journal, warn: options.warn)
        catalog.afterChanges(copy)
        // What a killed process left uncopied.
        if !isReadOnly, try catalog.hasEventsToKeep() { copy(catalog) }
    }

    /// What cannot be copied now is copied after the next change: the catalog keeps it.
    private static func copyEvents(
        to journal: Journal, warn: @escaping @Sendable (String) -> Void
    ) -> @Sendable (CatalogDatabase) -> Void {
        { catalog in
            let copied = Result { try journal.catchUp(with: catalog) }
            if case .failure(let error) = copied {
                warn("what was changed is not in the journal yet, only in the catalog: \(error)")
            }
        }
    }

    /// Opens the catalog; an older one is brought up to date first, for looking at it too, where the file can be written.
    ///
    /// - Throws: `.catalogBehind` if the journal tells of changes that it does not have.
    private static func openCatalog(_ directory: RegistryDirectory, isReadOnly: Bool) throws -> CatalogDatabase {
        // Before the catalog is looked at, for others go on.
        let kept = try directory.journal.lastEvent()
        let catalog = try open(directory, isReadOnly: isReadOnly)
        let last = try catalog.lastEvent()
        guard kept <= last else {
            throw DeltaicError(
                .catalogBehind, "the catalog has lost its last changes, of which the journal tells",
                at: [directory.catalogPath], expected: "\(kept) events", found: "\(last)",
                advice: "the packs are not affected: `deltaic rebuild` makes the catalog anew from them")
        }
        catalog.eventsAreKept(through: kept)
        return catalog
    }

    private static func open(_ directory: RegistryDirectory, isReadOnly: Bool) throws -> CatalogDatabase {
        let path = directory.catalogPath
        guard isReadOnly else {
            try directory.update()
            return try CatalogDatabase.open(path: path)
        }
        do {
            return try CatalogDatabase.open(path: path, readOnly: true)
        } catch let error as DeltaicError where error.code == .unsupported {
            guard FileManager.default.isWritableFile(atPath: path) else { throw error }
            try directory.update()
            _ = try CatalogDatabase.open(path: path)
            return try CatalogDatabase.open(path: path, readOnly: true)
        }
    }

    /// Compares versions in the catalog with the manifests in their packs.
    var manifests: ManifestCheck { ManifestCheck(packs: directory.packs) }

    /// Closes packs that were deleted, so that the disk gets its space back.
    func closeDeletedPacks() { source.closeDeleted() }

    // Locks are taken in this order, so that two processes never wait for each other: first the one of readers, then the one on
    // what is registered.

    // Each is there twice: code that runs in a task must not hold a thread while it waits, for the task that holds the lock
    // may need it.

    /// Keeps what the catalog knows from now on readable, as long as the lock is held.
    func lockForReading() throws -> RegistryLock { try epochs.enter { try wait($0, .shared).run() } }
    func lockForReading() async throws -> RegistryLock {
        try await epochs.enter { try await wait($0, .shared, atLeast: Self.taskPatience).run() }
    }

    var epochs: ReaderEpochs { ReaderEpochs(directory: directory, catalog: catalog) }

    /// Waits until no other process changes what is registered, and keeps others from doing so.
    func lockForWriting() async throws -> WriterLock {
        // Tasks of one process stand in line; only then other processes are asked.
        let turn = await writers.take()
        return WriterLock(
            turn: turn, lock: try await wait(directory.writerLockPath, .exclusive, atLeast: Self.writerPatience).run())
    }

    /// Takes a lock of readers when none of them is left; nil if one is after some seconds.
    func lockWithoutReaders(_ path: String, seconds: Int) async throws -> RegistryLock? {
        do {
            return try await LockWait(path: path, mode: .exclusive, seconds: seconds, progress: progress).run()
        } catch let error as DeltaicError where error.code == .registryLocked {
            return nil
        }
    }

    private func wait(_ path: String, _ mode: RegistryLock.Mode, atLeast seconds: Int = 0) -> LockWait {
        LockWait(path: path, mode: mode, seconds: max(seconds, lockPatience), progress: progress)
    }
}
