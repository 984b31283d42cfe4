internal import Catalog
internal import DeltaicCore
internal import TensorFiles

/// The files of a version after a push, and where each comes from.
struct PushedFiles {
    enum Source {
        /// The version before has it.
        case kept(FileRecord)
        case spooled(SpooledContent)
        case large(Digest, size: Int?)
    }

    /// By path in UTF-8 byte order.
    let files: [(path: String, source: Source)]

    /// - Parameter before: the files of the version that the push changes.
    /// - Throws: `.unsafePath` or `.collidingPaths`, `.unknownContent` for a file or folder to be deleted that is not there.
    init(_ operations: [Push.Operation], to before: [FileRecord]) throws {
        var files: [String: Source] = [:]
        for file in before { files[file.path] = .kept(file) }
        var folders: [String: Int] = [:]
        for operation in operations {
            switch operation {
            case .deleteFile(let path):
                guard files.removeValue(forKey: path) != nil else { throw Self.missing("file", path) }
            case .deleteFolder(let path):
                folders[path.hasSuffix("/") ? String(path.dropLast()) : path] = 0
            case .add, .addLarge: break
            }
        }
        // Each file looks for the folders above it, of which there are few.
        for path in files.keys where !folders.isEmpty {
            for folder in Self.folders(above: path) {
                guard let count = folders[folder] else { continue }
                folders[folder] = count + 1
                files[path] = nil
            }
        }
        if let empty = folders.filter({ $0.value == 0 }).keys.min() { throw Self.missing("folder", empty) }
        var added: Set<String> = []
        for operation in operations {
            let (path, source): (String, Source)
            switch operation {
            case .add(let name, let content): (path, source) = (name, .spooled(content))
            case .addLarge(let name, let digest, let size): (path, source) = (name, .large(digest, size: size))
            case .deleteFile, .deleteFolder: continue
            }
            try FileNames.check(path)
            guard added.insert(path).inserted else {
                throw DeltaicError(.collidingPaths, "one commit adds the file twice", at: [path])
            }
            files[path] = source
        }
        self.files = files.map { ($0.key, $0.value) }
            .sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        try FileNames.checkTogether(self.files.lazy.map(\.path))
    }

    private static func folders(above path: String) -> [String] {
        path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") }.map { String(path[..<$0]) }
    }

    private static func missing(_ kind: String, _ path: String) -> DeltaicError {
        DeltaicError(.unknownContent, "the \(kind) to be deleted is not there", at: [path])
    }
}
