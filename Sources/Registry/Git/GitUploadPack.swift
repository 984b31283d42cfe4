internal import Catalog
public import DeltaicCore

/// What a Git client fetches from a model.
public struct GitFetch: Sendable {
    /// Of a request, in bytes: some fifty bytes for each commit that a client has.
    static let longestRequest = 4 << 20

    let model: ModelName
    let request: GitUploadRequest
    let selection: GitHistory.Selection
}

// Git's "smart" protocol over HTTP, version 0, as far as a client needs it that reads. Unlike the files of a dumb server it
// can say where history ends: a model of which an older version was removed is a shallow repository, and can be cloned.
extension ModelRegistry {
    /// The body that answers `GET info/refs?service=git-upload-pack`.
    ///
    /// - Throws: `.unknownModel`.
    public func gitAdvertisement(of model: ModelName) throws -> [UInt8] {
        let references = try gitReferences(of: model)
        let capabilities =
            "side-band-64k shallow symref=HEAD:refs/heads/\(GitReferences.branch) object-format=sha1 agent=deltaic"
        var body = GitPacketLines.line("# service=git-upload-pack\n") + GitPacketLines.flush
        body += GitPacketLines.line("\(references.head) HEAD\0\(capabilities)\n")
        for reference in references.all { body += GitPacketLines.line("\(reference.commit) \(reference.name)\n") }
        for commit in references.shallow { body += GitPacketLines.line("shallow \(commit)\n") }
        return body + GitPacketLines.flush
    }

    /// Reads the body of `POST git-upload-pack`.
    ///
    /// - Parameter isCompressed: whether it is a gzip stream.
    /// - Throws: `.unknownModel`; `.badGitRequest` if it breaks the protocol or wants what is no commit of the model.
    public func gitFetch(_ body: [UInt8], isCompressed: Bool, of model: ModelName) throws -> GitFetch {
        let request = try GitUploadRequest(
            isCompressed ? try ZlibStream.inflateGzip(body, limit: GitFetch.longestRequest) : body)
        return GitFetch(
            model: model, request: request,
            selection: try GitHistory(try catalog.history(of: model).versions).selection(for: request))
    }

    /// Answers a fetch piece by piece, with a pack of all that is asked for.
    ///
    /// What the client has is sent again: large files are not in it. Every object is hashed before it is sent.
    /// - Parameters:
    ///   - isWanted: whether the client is still there.
    ///   - send: takes the pieces of the answer in order, each about 32 KiB at most.
    /// - Throws: what is damaged, after which the answer must not be completed.
    public func answer(
        _ fetch: GitFetch, isWanted: @Sendable () -> Bool = { true }, send: ([UInt8]) async throws -> Void
    ) async throws {
        let (request, model) = (fetch.request, fetch.model)
        guard !request.wants.isEmpty else { return }
        if request.depth != nil { try await send(fetch.selection.shallowUpdate) }
        if request.negotiates { try await send(GitPacketLines.line("NAK\n")) }
        guard request.isDone else { return }
        let ids = try gitObjects(of: fetch.selection.versions)
        var pack = try GitPackStream(objectCount: ids.count)
        var out = GitBand(isFramed: request.usesSideBand)
        try await out.add(pack.header, send: send)
        for id in ids {
            guard let held = try await gitObject(id, of: model, isWanted: isWanted) else {
                throw DeltaicError(.inputChanged, "a version was removed while it was sent", at: ["\(model)"])
            }
            try await out.add(try pack.entry(held.object), send: send)
            withExtendedLifetime(held) {}
        }
        try await out.add(pack.finish(), send: send)
        try await out.end(send: send)
    }

    /// The ids of the commits, trees and blobs of versions, each once, commits first.
    private func gitObjects(of versions: [VersionRecord]) throws -> [GitObjectID] {
        var ids: [GitObjectID] = []
        var known: Set<GitObjectID> = []
        func add(_ id: GitObjectID) {
            if known.insert(id).inserted { ids.append(id) }
        }
        for version in versions { add(version.commit) }
        for version in versions where !known.contains(version.tree) {
            for tree in try trees(of: GitRootTree(version: version.id, id: version.tree)).keys { add(tree) }
            for file in try catalog.fileEntries(of: version.id) { add(file.gitBlobID) }
        }
        return ids
    }
}
