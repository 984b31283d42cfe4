internal import DeltaicCore
internal import Foundation
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import Registry

/// A model on a server that speaks the Hub's protocol.
struct HubSource: Sendable {
    /// A file of a model, as its tree lists it.
    struct File: Sendable, Hashable {
        let path: String
        let size: Int
        /// What its bytes are checked by.
        let identity: Identity
    }

    /// How the Hub knows the bytes of a file.
    enum Identity: Sendable, Hashable {
        /// A file that is kept in Git.
        case gitBlob(GitObjectID)
        /// A large one.
        case sha256(Digest)
    }

    let connection: HTTPConnection
    let model: ModelName

    private struct Revision: Decodable {
        let sha: String
    }

    /// The commit that a revision names now.
    func commit(of revision: String) async throws -> GitObjectID {
        let found: Revision = try await connection.json(
            .GET, "/api/models/\(URLText.path("\(model)"))/revision/\(URLText.part(revision))")
        guard let commit = GitObjectID(hex: found.sha) else {
            throw DeltaicError(
                .badAnswer, "the server names no commit", at: [connection.url], expected: "40 hexadecimal digits",
                found: String(found.sha.prefix(60)))
        }
        return commit
    }

    private struct Entry: Decodable {
        struct Large: Decodable {
            let oid: Digest
            let size: Int
        }
        let type: String
        let path: String
        let oid: GitObjectID?
        let size: Int?
        let lfs: Large?
    }

    /// The most files that are taken for a model.
    private static let fileLimit = 100_000

    /// The files of a commit.
    func files(of commit: GitObjectID) async throws -> [File] {
        var files: [File] = []
        var next: String? =
            "/api/models/\(URLText.path("\(model)"))/tree/\(commit.hex)?recursive=true"
        var pages = 0
        while let path = next {
            let answer = try await connection.ask(.GET, path)
            let entries: [Entry] = try connection.decode(answer)
            for entry in entries where entry.type == "file" { files.append(try file(entry)) }
            pages += 1
            guard files.count <= Self.fileLimit, pages <= Self.fileLimit else {
                throw DeltaicError(
                    .badAnswer, "the model has too many files", at: ["\(model)"], expected: "at most \(Self.fileLimit)")
            }
            next = try self.next(answer.headers["Link"])
        }
        return files
    }

    private func file(_ entry: Entry) throws -> File {
        if let large = entry.lfs {
            guard large.size >= 0 else { throw refusal("a file of negative size", entry.path) }
            return File(path: entry.path, size: large.size, identity: .sha256(large.oid))
        }
        guard let size = entry.size, size >= 0, let oid = entry.oid else {
            throw refusal("a file without size or id", entry.path)
        }
        return File(path: entry.path, size: size, identity: .gitBlob(oid))
    }

    private func refusal(_ what: String, _ path: String) -> DeltaicError {
        DeltaicError(.badAnswer, "the server lists \(what)", at: [connection.url, path])
    }

    /// The path of the next page, of the same server.
    private func next(_ links: [String]) throws -> String? {
        for link in links.flatMap({ $0.split(separator: ",") }) where link.contains("rel=\"next\"") {
            guard let start = link.firstIndex(of: "<"), let end = link.firstIndex(of: ">"), start < end,
                let target = URLComponents(string: String(link[link.index(after: start)..<end]))
            else { continue }
            // The token goes nowhere but to the server that was named.
            let query = target.percentEncodedQuery.map { "?" + $0 } ?? ""
            let base = URLComponents(string: connection.url)?.percentEncodedPath ?? ""
            let path = target.percentEncodedPath
            return (base.isEmpty || !path.hasPrefix(base + "/") ? path : String(path.dropFirst(base.count))) + query
        }
        return nil
    }

    /// Fetches a file, from where an earlier attempt ended.
    ///
    /// - Parameters:
    ///   - part: where it lies while it is not complete.
    ///   - final: where it lies when its bytes were checked.
    /// - Throws: `.downloadMismatch` if they are not those that the tree names, twice.
    func fetch(
        _ file: File, of commit: GitObjectID, part: String, final: String, progress: any ProgressReport
    ) async throws {
        for attempt in 1... {
            try await fetchPart(file, of: commit, to: part, progress: progress)
            if try await BlockingWork.run({ try Self.isIntact(file, at: part) }) { break }
            unlink(part)
            guard attempt < 2 else {
                throw DeltaicError(
                    .downloadMismatch, "the file came with other bytes than the server's listing names",
                    at: [connection.url, file.path], advice: "try again; if it stays so, the server's copy is damaged")
            }
        }
        guard rename(part, final) == 0 else { throw DeltaicError.systemCall("rename", path: final, errno: errno) }
    }

    private func fetchPart(
        _ file: File, of commit: GitObjectID, to part: String, progress: any ProgressReport
    ) async throws {
        let target = try PartialFile(path: part)
        if target.byteCount > file.size { try target.restart() }
        progress.advance(target.byteCount)
        let path = "/\(URLText.path("\(model)"))/resolve/\(commit.hex)/\(URLText.path(file.path))"
        try await connection.fetch(path, size: file.size) {
            target.byteCount
        } restart: {
            try target.restart()
        } take: { piece in
            try piece.withUnsafeReadableBytes { try target.append($0) }
            progress.advance(piece.readableBytes)
        }
    }

    /// Whether the bytes are those that the tree names.
    static func isIntact(_ file: File, at path: String) throws -> Bool {
        let stored = try ReadOnlyFile(path: path)
        guard stored.size == file.size else { return false }
        var sha256 = try StreamingHash(.sha256)
        var blob = try GitBlobHasher(size: file.size)
        let isBlob = if case .gitBlob = file.identity { true } else { false }
        for start in stride(from: 0, to: stored.size, by: 1 << 20) {
            let bytes = try stored.read(start..<min(start + 1 << 20, stored.size))
            if isBlob { blob.update(bytes) } else { sha256.update(bytes) }
        }
        switch file.identity {
        case .gitBlob(let id): return try blob.finish() == id
        case .sha256(let digest): return Digest(uncheckedBytes: sha256.finish()) == digest
        }
    }
}

/// A file that grows while it is downloaded.
private final class PartialFile: Sendable {
    private let path: String
    private let descriptor: Int32

    init(path: String) throws(DeltaicError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .systemCall("open", path: path, errno: errno) }
    }

    deinit {
        close(descriptor)
    }

    var byteCount: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    func restart() throws(DeltaicError) {
        guard ftruncate(descriptor, 0) == 0 else { throw .systemCall("truncate", path: path, errno: errno) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(DeltaicError) {
        var done = 0
        while done < bytes.count {
            let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .systemCall("write", path: path, errno: errno) }
            done += count
        }
    }
}
