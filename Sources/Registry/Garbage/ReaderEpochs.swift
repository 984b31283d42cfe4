internal import Catalog
internal import DeltaicCore

/// Lets those who read packs go on while others take them out of use.
///
/// A reader holds a shared lock on the file of the epoch in which it began, and looks versions up in the catalog only then. A pack that
/// becomes garbage in an epoch may be known to readers of that epoch and of those before, but to none that begin later. So
/// it may be deleted when the epoch has ended and none of these is left. Two files do for all epochs: an epoch may only
/// end when the last reader of the one before it has gone. The kernel gives the locks of dead processes back, clocks play no part, and readers
/// never wait for each other, nor collectors for readers that begin later.
struct ReaderEpochs: Sendable {
    let directory: RegistryDirectory
    let catalog: CatalogDatabase

    /// The file on which readers of an epoch hold a lock.
    func path(_ epoch: Int) -> String {
        epoch.isMultiple(of: 2) ? directory.readerLockPath : directory.secondReaderLockPath
    }

    /// Calls `take` with the file of the epoch until that is still the same when it has the lock.
    func enter(_ take: (String) throws -> RegistryLock) throws -> RegistryLock {
        while true {
            let epoch = try catalog.readerEpoch()
            let lock = try take(path(epoch))
            if try catalog.readerEpoch() == epoch { return lock }
        }
    }

    /// As ``enter(_:)``, for tasks.
    func enter(_ take: (String) async throws -> RegistryLock) async throws -> RegistryLock {
        while true {
            let epoch = try catalog.readerEpoch()
            let lock = try await take(path(epoch))
            if try catalog.readerEpoch() == epoch { return lock }
        }
    }

    /// Waits until nobody reads any more who may know packs that are garbage by now.
    ///
    /// - Parameter wait: gives the lock on a file when no reader holds it; nil if that takes too long.
    /// - Returns: the last epoch of which, and of those before, no reader is left. Nobody can join them later.
    func drain(_ wait: (String) async throws -> RegistryLock?) async throws -> Int {
        let epoch = try catalog.readerEpoch()
        // Readers of the epoch before have the file that the next one will have. Those before them were gone when it ended.
        guard try await wait(path(epoch + 1)) != nil else { return epoch - 2 }
        try catalog.endReaderEpoch(epoch)
        return try await wait(path(epoch)) == nil ? epoch - 1 : epoch
    }
}
