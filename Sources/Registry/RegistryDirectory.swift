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
    /// Says that the folder is a registry; held together by all who have it open, alone by who puts another catalog in its place.
    var markerPath: String { path + "/deltaic.json" }
    /// What happened and is in no pack.
    var journal: Journal { Journal(path: packs.path + "/" + Journal.fileName) }
    /// Where damaged files go that are of no use any more.
    var quarantinePath: String { path + "/quarantine" }

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
    func create(catalog: (String) throws -> Void) throws {
        let manager = FileManager.default
        if let entries = try? manager.contentsOfDirectory(atPath: path), !entries.isEmpty {
            let isRegistry = manager.fileExists(atPath: markerPath)
            throw DeltaicError(
                .notEmpty, isRegistry ? "there is a registry here already" : "the folder is not empty", at: [path],
                advice: isRegistry ? nil : "choose an empty folder, or one that does not exist")
        }
        do {
            try manager.createDirectory(atPath: packs.path, withIntermediateDirectories: true)
        } catch {
            throw DeltaicError(.ioFailure, "cannot create the folder: \(error.localizedDescription)", at: [path])
        }
        try catalog(catalogPath)
        for lock in [writerLockPath, readerLockPath, secondReaderLockPath] { try DurableFile(path: lock).publish() }
        let marker = try DurableFile(path: markerPath)
        try marker.write(Array(try JSONEncoder().encode(Marker(deltaicRegistry: Self.markerVersion))))
        try marker.publish()
    }

    /// Makes what registries did not have in the beginning.
    func update() throws(DeltaicError) {
        guard access(secondReaderLockPath, F_OK) != 0 else { return }
        try DurableFile(path: secondReaderLockPath).publish()
    }

    /// Checks that the folder is a registry of a known kind.
    func check() throws {
        guard let data = FileManager.default.contents(atPath: markerPath) else {
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
}
