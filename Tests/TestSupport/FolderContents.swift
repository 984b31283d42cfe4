internal import DeltaicCore
internal import Foundation

/// What lies in a folder: every regular file with its SHA-256.
public enum FolderContents {
    /// Relative paths, and digests in hexadecimal; empty if there is no such folder.
    public static func digests(of folder: String) throws -> [String: String] {
        var digests: [String: String] = [:]
        for path in files(in: folder) {
            let data = try Data(contentsOf: URL(filePath: folder + "/" + path))
            digests[path] = try Digest.sha256(Array(data)).hex
        }
        return digests
    }

    /// The relative paths of all regular files, in order.
    public static func files(in folder: String) -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: folder) else { return [] }
        var paths: [String] = []
        for case let path as String in walk where walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
            paths.append(path)
        }
        return paths.sorted()
    }

    /// The relative paths of the packs of a registry, in order.
    public static func packs(ofRegistry path: String) -> [String] {
        files(in: path + "/packs").filter { $0.hasSuffix(".pack") }
    }

    /// The bytes of a file.
    public static func bytes(of path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }
}
