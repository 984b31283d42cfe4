internal import DeltaicCore
internal import Foundation
internal import Glibc
internal import PackFormat

/// The places in a registry's folder.
struct RegistryDirectory: Sendable {
    /// What the marker file says; a number that is not known is refused.
    private struct Marker: Codable {
        var deltaicRegistry: Int
    }

    private static let markerVersion = 1

    let path: String

    var catalogPath: String { path + "/catalog.sqlite" }
    var packs: PackDirectory { PackDirectory(path: path + "/packs") }
    var uploads: UploadFolder { UploadFolder(path: path + "/uploads") }
    /// Packs that other registries get.
    var transfers: PackTransfers { PackTransfers(uploads: uploads) }
    var remotesPath: String { path + "/remotes.json" }
    /// Held alone by whoever changes the registry.
    var writerLockPath: String { path + "/writer.lock" }
    /// Held together by those who read packs and began in an even epoch, alone by those who delete packs.
    var readerLockPath: String { path + "/reader.lock" }
    /// The same for odd epochs.
    var secondReaderLockPath: String { path + "/reader-2.lock" }
    private var lockPaths: [String] { [writerLockPath, readerLockPath, secondReaderLockPath] }
    /// Says that the folder is a registry; held together by all who have it open, alone by who puts another catalog in its place.
    var markerPath: String { path + "/deltaic.json" }
    /// What happened and is in no pack.
    var journal: Journal { Journal(path: packs.path + "/" + Journal.fileName, quarantine: Quarantine(directory: self)) }
    /// Where damaged files go that are of no use any more.
    var quarantinePath: String { path + "/quarantine" }
    /// The marker while the registry is being made.
    private var unfinishedPath: String { path + "/.deltaic-init" }

    init(path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The bytes of the catalog's files.
    var catalogBytes: Int {
        [catalogPath, catalogPath + "-wal", catalogPath + "-shm"].reduce(0) { sum, path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }

    /// Makes the folder, which must be empty or not exist; the marker comes last.
    ///
    /// What an earlier call left that was interrupted is begun anew.
    func create(catalog: (String) throws -> Void) throws {
        try makeFolder(path)
        guard let making = try RegistryLock.attempt(path: path, mode: .exclusive) else {
            throw DeltaicError(.registryLocked, "another process is making a registry here", at: [path])
        }
        defer { withExtendedLifetime(making) {} }
        try clear()
        // Until the end the marker has another name, which says whose the other files are.
        let marker = try DurableFile(path: unfinishedPath)
        try marker.write(Array(try JSONEncoder().encode(Marker(deltaicRegistry: Self.markerVersion))))
        try marker.publish()
        try makeFolder(packs.path)
        try catalog(catalogPath)
        for lock in lockPaths { try DurableFile(path: lock).publish() }
        guard rename(unfinishedPath, markerPath) == 0 else {
            throw DeltaicError.systemCall("rename", path: markerPath, errno: errno)
        }
        try DurableFile.syncFolder(path)
    }

    /// Makes a folder and those above it, so that they are still there after a power cut.
    private func makeFolder(_ path: String) throws {
        let parent = DurableFile.folder(of: path)
        guard mkdir(path, 0o777) != 0 else { return try DurableFile.syncFolder(parent) }
        switch errno {
        case EEXIST:
            // It may be an interrupted call that made it. Folders above may be closed to us, and are none of ours.
            try? DurableFile.syncFolder(parent)
        case ENOENT where parent != path && parent != ".":
            try makeFolder(parent)
            guard mkdir(path, 0o777) == 0 else { throw DeltaicError.systemCall("mkdir", path: path, errno: errno) }
            try DurableFile.syncFolder(parent)
        case let code: throw DeltaicError.systemCall("mkdir", path: path, errno: code)
        }
    }

    /// Deletes what an interrupted ``create(catalog:)`` left, and refuses anything else that is in the folder.
    private func clear() throws {
        let entries = try DurableFile.names(in: path)
        let own = [catalogPath, catalogPath + "-journal", catalogPath + "-wal", catalogPath + "-shm"]
        let isUnfinished = FileManager.default.fileExists(atPath: unfinishedPath)
        for entry in entries {
            let place = path + "/" + entry
            if DurableFile.isTemporary(entry) || place == unfinishedPath { continue }
            if isUnfinished, place == packs.path, try DurableFile.names(in: place).isEmpty { continue }
            if isUnfinished, own.contains(place) || lockPaths.contains(place) { continue }
            let isRegistry = FileManager.default.fileExists(atPath: markerPath)
            throw DeltaicError(
                .notEmpty, isRegistry ? "there is a registry here already" : "the folder is not empty", at: [path],
                advice: isRegistry ? nil : "choose an empty folder, or one that does not exist")
        }
        for entry in entries {
            let place = path + "/" + entry
            guard place != packs.path, place != unfinishedPath else { continue }
            guard unlink(place) == 0 else { throw DeltaicError.systemCall("unlink", path: place, errno: errno) }
        }
    }

    /// Makes what registries did not have in the beginning.
    func update() throws(DeltaicError) {
        guard access(secondReaderLockPath, F_OK) != 0 else { return }
        try DurableFile(path: secondReaderLockPath).publish()
    }

    /// Checks that the folder is a registry of a known kind.
    func check() throws {
        guard let data = FileManager.default.contents(atPath: markerPath) else {
            try checkMarkerIsMissing()
            throw DeltaicError(
                .noRegistry, "there is no registry here", at: [path],
                advice: "run `deltaic init`, or name another folder with --registry or DELTAIC_HOME")
        }
        guard let marker = try? JSONDecoder().decode(Marker.self, from: data) else {
            throw DeltaicError(.noRegistry, "the registry's marker file cannot be read", at: [markerPath])
        }
        guard marker.deltaicRegistry == Self.markerVersion else {
            throw DeltaicError(
                .unsupported, "the registry is of a kind that this version does not know", at: [path],
                expected: "\(Self.markerVersion)", found: "\(marker.deltaicRegistry)", advice: "use a newer deltaic")
        }
    }

    /// Throws if the marker is there and the system keeps it from being read: for want of permission or of descriptors.
    private func checkMarkerIsMissing() throws {
        let descriptor = open(markerPath, O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            throw DeltaicError(.ioFailure, "the registry's marker file could not be read", at: [markerPath])
        }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw DeltaicError.systemCall("open", path: markerPath, errno: errno)
        }
    }
}
