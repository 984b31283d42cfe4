public import DeltaicCore
internal import Foundation
internal import Glibc

/// Where the packs of a registry lie: `<two hex digits>/<id>.pack` under one folder.
public struct PackDirectory: Sendable {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// The path of a pack, whether it exists or not.
    public func path(of id: Digest) -> String {
        path + "/" + relativePath(of: id)
    }

    private func relativePath(of id: Digest) -> String {
        "\(id.hex.prefix(2))/\(id.hex).pack"
    }

    /// A writer for a new pack.
    public func newPack() throws(DeltaicError) -> PackWriter {
        try PackWriter(directory: path)
    }

    /// Deletes what writers that were killed left behind.
    ///
    /// Only for whoever holds the right to write: another writer's unfinished pack would go too.
    public func deleteLeftovers() throws(DeltaicError) {
        for name in try DurableFile.names(in: path) where DurableFile.isTemporary(name) {
            let leftover = path + "/" + name
            guard unlink(leftover) == 0 || errno == ENOENT else {
                throw .systemCall("unlink", path: leftover, errno: errno)
            }
        }
    }

    /// Completes a new pack under its name.
    /// - Returns: its id.
    public func publish(_ writer: PackWriter) throws(DeltaicError) -> Digest {
        let id = try writer.finish { id throws(DeltaicError) in
            let folder = path + "/" + id.hex.prefix(2)
            guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
                throw .systemCall("mkdir", path: folder, errno: errno)
            }
            try DurableFile.syncFolder(path)
            return relativePath(of: id)
        }
        try DurableFile.syncFolder(path + "/" + id.hex.prefix(2))
        return id
    }

    /// Gives a complete pack that lies elsewhere in the same file system its name here too.
    public func adopt(_ id: Digest, from other: String) throws(DeltaicError) {
        let folder = path + "/" + id.hex.prefix(2)
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw .systemCall("mkdir", path: folder, errno: errno)
        }
        // A folder that is there may be of a process that was killed before it came to this.
        try DurableFile.syncFolder(path)
        // Whatever has the name already gives way: it may have been damaged since it was written.
        let linked = DurableFile.temporaryPath(in: path)
        guard link(other, linked) == 0 else { throw .systemCall("link", path: linked, errno: errno) }
        guard rename(linked, path(of: id)) == 0 else {
            let code = errno
            unlink(linked)
            throw .systemCall("rename", path: path(of: id), errno: code)
        }
        // Two names of one file are left as they are.
        unlink(linked)
        try DurableFile.syncFolder(folder)
    }

    /// Puts a complete pack that lies elsewhere in the same file system in the place of one with the same id.
    public func replace(_ id: Digest, with other: String) throws(DeltaicError) {
        let path = path(of: id)
        let folder = DurableFile.folder(of: path)
        if mkdir(folder, 0o755) == 0 { try DurableFile.syncFolder(self.path) }
        guard rename(other, path) == 0 else { throw .systemCall("rename", path: path, errno: errno) }
        try DurableFile.syncFolder(folder)
    }

    /// Opens a pack and checks that it is the one that its name says.
    ///
    /// - Throws: `.missingPack` if the file is not there.
    public func open(_ id: Digest) throws(DeltaicError) -> PackReader {
        let path = path(of: id)
        guard FileManager.default.fileExists(atPath: path) else {
            throw DeltaicError(
                .missingPack, "the pack is missing", at: [path],
                advice: "run `deltaic repair`, which takes what it can from other copies")
        }
        let reader = try PackReader(path: path)
        guard reader.id == id else {
            throw DeltaicError(
                .malformedPack, "the pack is another one than its name says", at: [path], expected: id.short,
                found: reader.id.short)
        }
        return reader
    }

    /// Deletes a pack; a pack that is not there is no error: an interrupted deletion may have come as far.
    public func delete(_ id: Digest) throws(DeltaicError) {
        let path = path(of: id)
        do {
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        } catch {
            throw DeltaicError(.ioFailure, "cannot delete a pack: \(error.localizedDescription)", at: [path])
        }
    }

    /// When the file of a pack was written, in seconds since 1970; nil if it is not there.
    public func modificationTime(of id: Digest) -> Int? {
        var status = stat()
        guard lstat(path(of: id), &status) == 0 else { return nil }
        return Int(status.st_mtim.tv_sec)
    }

    /// The files under the folder: packs by their ids, and whatever else lies there, with sizes.
    public func contents() -> (packs: [Digest: Int], others: [String]) {
        var packs: [Digest: Int] = [:]
        var others: [String] = []
        guard let walk = FileManager.default.enumerator(atPath: path) else { return (packs, others) }
        for case let name as String in walk {
            guard let attributes = walk.fileAttributes, attributes[.type] as? FileAttributeType == .typeRegular else {
                continue
            }
            let stem = (name as NSString).lastPathComponent.replacing(".pack", with: "")
            if let id = Digest(hex: stem), name == relativePath(of: id) {
                packs[id] = (attributes[.size] as? NSNumber)?.intValue ?? 0
            } else {
                others.append(name)
            }
        }
        return (packs, others.sorted())
    }
}
