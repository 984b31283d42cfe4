internal import DeltaicCore
internal import Registry

/// The files and folders of a version, as Hub clients list them.
struct HubTree {
    struct Entry: Encodable {
        struct LFS: Encodable {
            /// Here, and not in the siblings of a model, the SHA-256 is called `oid`.
            let oid: String
            let size: Int
            let pointerSize: Int
        }

        struct Commit: Encodable {
            let id: String
            let title: String
            let date: String
        }

        let type: String
        let oid: String
        let size: Int
        let path: String
        var lfs: LFS?
        var lastCommit: Commit?
    }

    let version: VersionSummary
    let files: [VersionFile]
    /// Whether the commit of each entry is wanted.
    let isExpanded: Bool
    private let byPath: [String: VersionFile]
    /// What is below each folder, however deep.
    private let byFolder: [String: [VersionFile]]

    init(version: VersionSummary, files: [VersionFile], isExpanded: Bool) {
        self.version = version
        self.files = files
        self.isExpanded = isExpanded
        byPath = Dictionary(files.map { ($0.path, $0) }) { first, _ in first }
        var byFolder: [String: [VersionFile]] = ["": files]
        for file in files {
            var folder = ""
            for part in file.path.split(separator: "/").dropLast() {
                folder += folder.isEmpty ? String(part) : "/" + part
                byFolder[folder, default: []].append(file)
            }
        }
        self.byFolder = byFolder
    }

    /// What is in a folder, by path; nil if there is no such folder.
    ///
    /// - Parameter folder: without slashes at the ends; empty for the whole version.
    func entries(in folder: String, isRecursive: Bool) throws -> [Entry]? {
        let prefix = folder.isEmpty ? "" : folder + "/"
        guard let inside = byFolder[folder] else { return nil }
        var entries: [Entry] = []
        var folders: Set<String> = []
        for file in inside {
            let rest = file.path.dropFirst(prefix.count)
            var parts = rest.split(separator: "/").dropLast().map(String.init)
            if !isRecursive { parts = Array(parts.prefix(1)) }
            for length in parts.indices { folders.insert(prefix + parts[...length].joined(separator: "/")) }
            if isRecursive || parts.isEmpty { entries.append(entry(of: file)) }
        }
        entries += try folders.map(directory)
        return entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// What is at a path; nil if there is nothing.
    func entry(at path: String) throws -> Entry? {
        if let file = byPath[path] { return entry(of: file) }
        return path.isEmpty || byFolder[path] == nil ? nil : try directory(path)
    }

    private func entry(of file: VersionFile) -> Entry {
        var entry = Entry(type: "file", oid: file.gitBlob.hex, size: file.size, path: file.path)
        if file.isLFS {
            entry.lfs = Entry.LFS(
                oid: file.sha256.hex, size: file.size,
                pointerSize: LFSPointer.text(sha256: file.sha256, size: file.size).count)
        }
        entry.lastCommit = commit
        return entry
    }

    private func directory(_ path: String) throws -> Entry {
        let tree = try GitTree((byFolder[path] ?? []).map { (String($0.path.dropFirst(path.count + 1)), $0.gitBlob) })
        var entry = Entry(type: "directory", oid: tree.root.hex, size: 0, path: path)
        entry.lastCommit = commit
        return entry
    }

    /// A version has all its files from one commit.
    private var commit: Entry.Commit? {
        isExpanded
            ? Entry.Commit(id: version.commit.hex, title: version.title, date: HubDate.text(version.createdAt)) : nil
    }
}

extension VersionSummary {
    /// The first line of what was said when it was registered.
    var title: String {
        message?.split(separator: "\n").first.map(String.init) ?? "v\(number)"
    }
}
