internal import DeltaicCore
internal import Foundation
internal import Glibc

/// The folder of packs that were put together for other registries: `<id>.pack`.
///
/// They can be made again at any time, byte for byte, so old ones go without asking.
struct PackTransfers: Sendable {
    /// The most packs that are kept, and for how long.
    static let countLimit = 16
    static let ageLimit = 24 * 3600

    let uploads: UploadFolder
    private static let name = "transfers"

    func path(of id: Digest) -> String { "\(uploads.path)/\(Self.name)/\(id.hex).pack" }

    /// Makes the folder, and room in it, and returns its path.
    func prepare() throws(DeltaicError) -> String {
        let path = try uploads.folder(Self.name)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        var packs: [(path: String, age: Int)] = []
        for name in names {
            let file = path + "/" + name
            var status = stat()
            guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            let age = time(nil) - status.st_mtim.tv_sec
            // Another process may be writing a file that is not complete.
            if DurableFile.isTemporary(name) {
                if age > Self.ageLimit { unlink(file) }
            } else {
                packs.append((file, age))
            }
        }
        packs.sort { $0.age < $1.age }
        for (position, pack) in packs.enumerated() where position + 1 >= Self.countLimit || pack.age > Self.ageLimit {
            unlink(pack.path)
        }
        return path
    }

    func delete(_ id: Digest) {
        unlink(path(of: id))
    }
}
