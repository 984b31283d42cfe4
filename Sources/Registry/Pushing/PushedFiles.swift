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
        for operation in operations {
            switch operation {
            case .deleteFile(let path):
                guard files.removeValue(forKey: path) != nil else { throw Self.missing("file", path) }
            case .deleteFolder(let path):
                let folder = path.hasSuffix("/") ? path : path + "/"
                let inside = files.keys.filter { $0.hasPrefix(folder) }
                guard !inside.isEmpty else { throw Self.missing("folder", path) }
                for path in inside { files[path] = nil }
            case .add, .addLarge: break
            }
        }
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

    private static func missing(_ kind: String, _ path: String) -> DeltaicError {
        DeltaicError(.unknownContent, "the \(kind) to be deleted is not there", at: [path])
    }
}
