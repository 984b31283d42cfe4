/// A Git object: what is hashed is its kind, its size and its body.
public struct GitObject: Sendable, Equatable {
    /// The kinds that Deltaic makes.
    public enum Kind: String, Sendable {
        case blob, tree, commit
    }

    public let id: GitObjectID
    public let kind: Kind
    /// The content, without the "kind size NUL" that goes before it in the hash.
    public let body: [UInt8]

    /// - Throws: `.outOfMemory` or `.unsupported` if libcrypto cannot hash.
    public init(_ kind: Kind, body: [UInt8]) throws(DeltaicError) {
        var hash = try StreamingHash(.sha1)
        hash.update(GitObject.prefix(kind, size: body.count))
        hash.update(body)
        id = GitObjectID(uncheckedBytes: hash.finish())
        self.kind = kind
        self.body = body
    }

    /// What goes before the body in the hash: "kind size NUL".
    public var header: [UInt8] { GitObject.prefix(kind, size: body.count) }

    static func prefix(_ kind: Kind, size: Int) -> [UInt8] {
        Array("\(kind.rawValue) \(size)\0".utf8)
    }
}

/// Computes the id of a blob whose content arrives piece by piece.
public struct GitBlobHasher: ~Copyable {
    private var hash: StreamingHash
    private let size: Int
    private var count = 0

    /// - Parameter size: the number of bytes that will come; Git hashes it first.
    public init(size: Int) throws(DeltaicError) {
        hash = try StreamingHash(.sha1)
        hash.update(GitObject.prefix(.blob, size: size))
        self.size = size
    }

    /// Adds bytes of the content.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bytes)
        count += bytes.count
    }

    /// Adds bytes of the content.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Ends the hash and returns the id.
    /// - Throws: `.truncated` if there were more or fewer bytes than announced.
    public consuming func finish() throws(DeltaicError) -> GitObjectID {
        guard count == size else {
            throw DeltaicError(
                .truncated, "the content is not as long as was announced", expected: "\(size) bytes", found: "\(count)")
        }
        return GitObjectID(uncheckedBytes: hash.finish())
    }
}

/// The small text that stands in Git for a large file.
public enum LFSPointer {
    /// The pointer to content of this digest and size, byte for byte as git-lfs writes it.
    public static func text(sha256: Digest, size: Int) -> [UInt8] {
        Array("version https://git-lfs.github.com/spec/v1\noid sha256:\(sha256.hex)\nsize \(size)\n".utf8)
    }

    /// The blob id of the pointer.
    public static func blobID(sha256: Digest, size: Int) throws(DeltaicError) -> GitObjectID {
        try GitObject(.blob, body: text(sha256: sha256, size: size)).id
    }
}

/// The nested trees of a set of files, as Git would write them.
public struct GitTree: Sendable {
    /// The most parts of a path.
    public static let maximumDepth = 256

    /// The id of the outermost tree.
    public let root: GitObjectID
    /// Every tree, each once, inner ones before those that name them; the last one is the root.
    public let objects: [GitObject]

    private typealias Leaf = (components: [[UInt8]], blob: GitObjectID)

    /// Builds the trees; files have mode 100644.
    ///
    /// - Parameter files: relative '/'-separated paths, in any order, and the ids of their blobs. No file gives the empty tree.
    /// - Throws: `.invalidName` if a path has a part that Git refuses (empty, `.`, `..`, `.git`, NUL), occurs twice, or is
    ///   both a file and a folder.
    public init(_ files: some Sequence<(path: String, blob: GitObjectID)>) throws(DeltaicError) {
        var leaves: [Leaf] = []
        for file in files {
            let parts = file.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            let components = parts.map { Array($0) }
            guard components.count <= GitTree.maximumDepth else {
                throw DeltaicError(
                    .invalidName, "the path has too many parts", expected: "at most \(GitTree.maximumDepth)",
                    found: "\(components.count)")
            }
            for part in components {
                let lowered = part.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
                if [[], Array(".".utf8), Array("..".utf8), Array(".git".utf8)].contains(lowered) || part.contains(0) {
                    throw DeltaicError(.invalidName, "the path cannot stand in a Git tree", at: ["\"\(file.path)\""])
                }
            }
            leaves.append((components, file.blob))
        }
        leaves.sort { left, right in
            for (one, other) in zip(left.components, right.components) where one != other {
                return one.lexicographicallyPrecedes(other)
            }
            return left.components.count < right.components.count
        }
        var objects: [GitObject] = []
        var known: Set<GitObjectID> = []
        root = try GitTree.build(leaves[...], depth: 0, into: &objects, known: &known)
        self.objects = objects
    }

    /// Builds the tree of leaves that share their first `depth` components.
    private static func build(
        _ leaves: ArraySlice<Leaf>, depth: Int, into objects: inout [GitObject], known: inout Set<GitObjectID>
    ) throws(DeltaicError) -> GitObjectID {
        var entries: [(sortKey: [UInt8], bytes: [UInt8])] = []
        var rest = leaves
        while let first = rest.first {
            let name = first.components[depth]
            let group = rest.prefix { $0.components[depth] == name }
            rest = rest.dropFirst(group.count)
            // The sort puts the shortest path of a group first: if it is a file, it must be alone.
            let isFile = first.components.count == depth + 1
            guard !isFile || group.count == 1 else {
                throw DeltaicError(
                    .invalidName, "the path occurs twice, or as a file and as a folder",
                    at: ["\"\(String(decoding: Array(first.components.joined(separator: [0x2f])), as: UTF8.self))\""])
            }
            let id = isFile ? first.blob : try build(group, depth: depth + 1, into: &objects, known: &known)
            let mode = Array((isFile ? "100644 " : "40000 ").utf8)
            // Git sorts a folder as if its name ended in a slash.
            entries.append((isFile ? name : name + [UInt8(ascii: "/")], mode + name + [0] + id.bytes))
        }
        entries.sort { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
        let tree = try GitObject(.tree, body: entries.flatMap(\.bytes))
        if known.insert(tree.id).inserted { objects.append(tree) }
        return tree.id
    }
}

/// A Git commit, written so that the same input always gives the same id.
public enum GitCommit {
    /// Who made a commit, as author and committer.
    public struct Author: Sendable, Equatable {
        public let name: String
        public let email: String

        public init(name: String, email: String) {
            self.name = name
            self.email = email
        }
    }

    /// The body of a commit; author and committer are the same person at the same time, in UTC.
    ///
    /// - Parameters:
    ///   - timestamp: seconds since 1970, not negative.
    ///   - message: a newline is added at the end if there is none, as `git commit-tree -m` does.
    /// - Throws: `.invalidName` if the author has `<`, `>`, a newline or NUL, or surrounding spaces, the message has NUL,
    ///   or the time is negative.
    public static func bytes(
        tree: GitObjectID, parents: [GitObjectID], author: Author, timestamp: Int, message: String
    ) throws(DeltaicError) -> [UInt8] {
        for text in [author.name, author.email] {
            let isClean = text.utf8.allSatisfy { ![0x00, 0x0a, 0x3c, 0x3e].contains($0) }
            guard isClean, text.utf8.first != 0x20, text.utf8.last != 0x20 else {
                throw DeltaicError(.invalidName, "the author of a commit has a character that Git refuses", found: text)
            }
        }
        guard !message.utf8.contains(0) else {
            throw DeltaicError(.invalidName, "the message of a commit contains NUL")
        }
        guard timestamp >= 0 else {
            throw DeltaicError(.invalidName, "the time of a commit is before 1970", found: "\(timestamp)")
        }
        let person = "\(author.name) <\(author.email)> \(timestamp) +0000"
        var text = "tree \(tree.hex)\n"
        for parent in parents { text += "parent \(parent.hex)\n" }
        text += "author \(person)\ncommitter \(person)\n\n" + message
        if !message.isEmpty, message.utf8.last != 0x0a { text += "\n" }
        return Array(text.utf8)
    }

    /// The commit with its id; see ``bytes(tree:parents:author:timestamp:message:)``.
    public static func object(
        tree: GitObjectID, parents: [GitObjectID], author: Author, timestamp: Int, message: String
    ) throws(DeltaicError) -> GitObject {
        try GitObject(
            .commit,
            body: bytes(tree: tree, parents: parents, author: author, timestamp: timestamp, message: message))
    }
}
