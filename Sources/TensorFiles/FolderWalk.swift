internal import DeltaicCore
internal import Glibc

/// Finds the regular files below a folder.
struct FolderWalk {
    /// A file that was found.
    struct Found {
        let path: String
        /// Where the bytes are; for a symbolic link, its target.
        let absolutePath: String
    }

    private(set) var found: [Found] = []
    private(set) var skipped: [String] = []
    private let root: String

    /// - Parameter root: a path without symbolic links.
    init(root: String) {
        self.root = root
    }

    /// Walks the folder, in no particular order.
    mutating func run() throws(DeltaicError) {
        var folders = [""]
        while let folder = folders.popLast() {
            for name in try names(in: folder) {
                let path = folder.isEmpty ? name : folder + "/" + name
                let absolutePath = root == "/" ? "/" + path : root + "/" + path
                var status = stat()
                guard lstat(absolutePath, &status) == 0 else {
                    throw .systemCall("lstat", path: absolutePath, errno: errno)
                }
                let kind = status.st_mode & S_IFMT
                if name == ".git" || path == ".cache/huggingface" {
                    skipped.append(kind == S_IFDIR ? path + "/" : path)
                    continue
                }
                try FileNames.check(path)
                switch kind {
                case S_IFREG: found.append(Found(path: path, absolutePath: absolutePath))
                case S_IFDIR: folders.append(path)
                case S_IFLNK: found.append(Found(path: path, absolutePath: try target(of: path, absolutePath)))
                default:
                    throw DeltaicError(
                        .unsupportedFileKind, "the entry is a \(Self.word(for: kind)), not a file", at: [quoted(path)],
                        advice: "remove it from the folder")
                }
            }
        }
    }

    /// The names in a folder; one that is not valid UTF-8 is refused.
    private func names(in folder: String) throws(DeltaicError) -> [String] {
        let absolutePath = folder.isEmpty ? root : root + "/" + folder
        guard let stream = opendir(absolutePath) else {
            throw .systemCall("opendir", path: absolutePath, errno: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .systemCall("readdir", path: absolutePath, errno: errno) }
                return names
            }
            let bytes = Self.name(of: entry)
            guard let name = String(validating: bytes, as: UTF8.self) else {
                let shown = (folder.isEmpty ? "" : folder + "/") + String(decoding: bytes, as: UTF8.self)
                throw DeltaicError(
                    .unsafePath, "the file name is not valid UTF-8", at: [quoted(shown)], advice: "rename the file")
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// The bytes of an entry's name.
    ///
    /// Read where they are: the array that the type declares is longer than most entries, and reaches past the last ones that
    /// the system has buffered.
    private static func name(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
        let start = UnsafeRawPointer(entry) + offset
        return Array(UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
    }

    /// The file that a symbolic link leads to, if it is a regular file of the same folder.
    private func target(of path: String, _ absolutePath: String) throws(DeltaicError) -> String {
        guard let target = FileSystem.resolved(absolutePath) else {
            throw DeltaicError(
                .unsupportedFileKind, "the symbolic link leads nowhere: \(String(cString: strerror(errno)))",
                at: [quoted(path)], advice: "remove it, or download what is missing")
        }
        guard root == "/" || target.utf8.starts(with: (root + "/").utf8) else {
            throw DeltaicError(
                .unsupportedFileKind, "the symbolic link leaves the folder", at: [quoted(path)], found: quoted(target),
                advice: "copy the folder with `cp -rL`, or download the model with `hf download --local-dir`")
        }
        guard FileSystem.kind(of: target) == S_IFREG else {
            throw DeltaicError(
                .unsupportedFileKind, "the symbolic link leads to something that is no file", at: [quoted(path)],
                found: quoted(target), advice: "copy the folder with `cp -rL`")
        }
        return target
    }

    private static func word(for kind: mode_t) -> String {
        switch kind {
        case S_IFIFO: "fifo"
        case S_IFSOCK: "socket"
        case S_IFCHR, S_IFBLK: "device"
        default: "special entry"
        }
    }
}

/// The few questions that are asked of the file system.
enum FileSystem {
    /// The path without symbolic links, nil (and `errno`) if there is nothing there.
    static func resolved(_ path: String) -> String? {
        guard let buffer = realpath(path, nil) else { return nil }
        defer { free(buffer) }
        return String(validatingCString: buffer)
    }

    /// The `S_IFMT` bits of what is at a path, links not followed; nil if there is nothing.
    static func kind(of path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
