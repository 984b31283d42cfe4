internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// How Hub clients push: they ask how each file is to be sent, send the large ones, and commit.
enum CommitRoutes {
    static func routes(longestCommit: Int) -> [Route] {
        [
            Route(.post, "/api/models/{model}/preupload/{revision}", .writeModel, preupload),
            Route(
                .post, "/api/models/{model}/commit/{revision}", .writeModel, body: .upTo(longestCommit)
            ) { try await commit($0, longest: longestCommit) },
        ]
    }

    // MARK: - How files are to be sent

    private static let longestList = 10_000

    private struct PreuploadRequest: Decodable {
        struct File: Decodable {
            let path: String
            let size: Int
        }

        let files: [File]
    }

    private struct PreuploadAnswer: Encodable {
        struct File: Encodable {
            let path: String
            let uploadMode: String
            let shouldIgnore = false
            /// What the version has at this path: a client that has the same sends nothing.
            let oid: String?
        }

        let files: [File]
    }

    private static func preupload(_ exchange: Exchange) async throws -> Response {
        let asked: PreuploadRequest = try await exchange.json("a JSON object with a list of files")
        guard asked.files.count <= longestList else {
            throw ServerError(.contentTooLarge, "at most \(longestList) files can be asked for at a time")
        }
        let (_, files) = try exchange.registry.files(of: exchange.reference())
        let known = Dictionary(files.map { ($0.path, $0) }) { first, _ in first }
        return try JSONResponse.make(
            PreuploadAnswer(
                files: asked.files.map { file in
                    let isLarge = LFSRule.isLarge(path: file.path, size: file.size)
                    let there = known[file.path]
                    return .init(
                        path: file.path, uploadMode: isLarge ? "lfs" : "regular",
                        oid: there.map { $0.isLFS ? $0.sha256.hex : $0.gitBlob.hex })
                }))
    }

    // MARK: - Commits

    /// What is refused for its name is refused before gigabytes of it are read.
    private static func target(_ exchange: Exchange) throws -> (ModelName, branch: String?) {
        guard try exchange.flag("create_pr") != true else {
            throw ServerError(.notImplemented, code: .notImplemented, "this server has no pull requests")
        }
        let branch = try RevisionName(exchange.value("revision")).branch()
        _ = try exchange.registry.files(of: exchange.reference())
        return (try exchange.model(), branch)
    }

    private struct CommitAnswer: Encodable {
        let success = true
        let commitOid: String
        let commitUrl: String
        let hookOutput = ""
    }

    private static func commit(_ exchange: Exchange, longest: Int) async throws -> Response {
        let model: ModelName
        let branch: String?
        do {
            (model, branch) = try target(exchange)
        } catch let error as DeltaicError where error.code.word == "unknownModel" {
            // Perhaps it is only written in other letters: that is for the caller to see.
            throw error
        } catch {
            throw ServerError(closing: error)
        }
        let folder = try exchange.registry.spoolFolder()
        defer { withExtendedLifetime(folder) {} }
        var lines = CommitLines(folder: folder.path)
        try await exchange.takeBody(upTo: longest) { try lines.take(Array(buffer: $0)) }
        let principal = exchange.principal
        var push = try lines.finish(model: model, branch: branch)
        push.namespace = principal.listedNamespace
        let result: PushResult
        do {
            result = try await exchange.registry.commit(push) { principal.mayRead($0) }
        } catch let error as DeltaicError where error.code.word == "staleParent" {
            throw ServerError(.preconditionFailed, error.description)
        } catch let error as DeltaicError where error.code.word == "unknownBranch" {
            throw ServerError(.notFound, code: .revisionNotFound, error.message)
        }
        exchange.services.compressor.wake()
        return try JSONResponse.make(
            CommitAnswer(
                commitOid: result.version.commit.hex,
                commitUrl: "\(exchange.origin)/\(model)/commit/\(result.version.commit.hex)"))
    }
}
