internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// The files of a version as Hub clients list and fetch them.
enum HubFileRoutes {
    static let routes: [Route] = [
        Route(.get, "/api/models/{model}/tree/{revision}", .readModel, tree),
        Route(.get, "/api/models/{model}/tree/{revision}/{path*}", .readModel, tree),
        Route(.post, "/api/models/{model}/paths-info/{revision}", .readModel, pathsInfo),
        Route(.get, "/api/models/{model}/safetensors-metadata/{path*}", .readModel, safetensorsMetadata),
        Route(.get, "/{model}/resolve/{revision}/{path*}", .readModel, resolve),
        Route(.get, "/{model}/raw/{revision}/{path*}", .readModel, raw),
    ]

    private static func tree(_ exchange: Exchange) async throws -> Response {
        let (version, files) = try exchange.registry.files(of: exchange.reference())
        let tree = HubTree(version: version, files: files, isExpanded: try exchange.flag("expand") ?? false)
        let folder = exchange.value("path").trimmingCharacters(in: CharacterSet(charactersIn: "/"))
        guard let entries = try tree.entries(in: folder, isRecursive: try exchange.flag("recursive") ?? false) else {
            throw ServerError.unknown("file or folder", folder, version)
        }
        let limit = try exchange.number("limit", in: 1...10_000) ?? 1000
        var headers: HTTPFields = [.repoCommit: version.commit.hex]
        let start = try exchange.number("cursor", in: 0...1_000_000_000) ?? 0
        let page = entries.dropFirst(start).prefix(limit)
        if start + limit < entries.count {
            headers[.link] = PageLink(exchange: exchange).next(["limit": "\(limit)", "cursor": "\(start + limit)"])
        }
        return try JSONResponse.make(Array(page), headers: headers)
    }

    private struct PathsRequest: Decodable {
        let paths: [String]
        let expand: Bool?
    }

    private static func pathsInfo(_ exchange: Exchange) async throws -> Response {
        let body = try await exchange.body()
        let asked: PathsRequest
        if exchange.request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true {
            guard let decoded = try? JSONDecoder().decode(PathsRequest.self, from: Data(body)) else {
                throw ServerError(.badRequest, "the body is no JSON object with a list of paths")
            }
            asked = decoded
        } else {
            let form = QueryParameters(String(decoding: body, as: UTF8.self))
            asked = PathsRequest(
                paths: form.values("paths"), expand: form.values("expand").last.map { $0.lowercased() == "true" })
        }
        guard asked.paths.count <= longestPathList else {
            throw ServerError(.contentTooLarge, "at most \(longestPathList) paths can be asked for at a time")
        }
        let (version, files) = try exchange.registry.files(of: exchange.reference())
        let tree = HubTree(version: version, files: files, isExpanded: asked.expand ?? false)
        var seen: Set<String> = []
        let paths = asked.paths.map { $0.trimmingCharacters(in: ["/"]) }.filter { seen.insert($0).inserted }
        // An empty list asks for all, as on the Hub.
        let entries =
            asked.paths.isEmpty
            ? try tree.entries(in: "", isRecursive: true) ?? []
            : try paths.compactMap { try tree.entry(at: $0) }
        return try JSONResponse.make(entries, headers: [.repoCommit: version.commit.hex])
    }

    /// Also the native API's way to a file.
    static func resolve(_ exchange: Exchange) async throws -> Response {
        let (version, file) = try entry(exchange)
        let reference = try exchange.reference(version.commit.hex)
        return try await ContentResponse(
            size: file.size, tag: EntityTag(value: file.isLFS ? file.sha256.hex : file.gitBlob.hex),
            headers: FileHeaders(path: file.path, version: version, revision: exchange.value("revision")).fields
        ) {
            try exchange.services.content.file(file.path, of: reference)
        }.make(for: exchange)
    }

    /// What Git has at a path: of a large file the pointer.
    private static func raw(_ exchange: Exchange) async throws -> Response {
        let (version, file) = try entry(exchange)
        guard file.isLFS else { return try await resolve(exchange) }
        let text = LFSPointer.text(sha256: file.sha256, size: file.size)
        var headers = FileHeaders(path: file.path, version: version, revision: exchange.value("revision")).fields
        headers[.contentType] = "text/plain; charset=utf-8"
        let tag = EntityTag(value: file.gitBlob.hex)
        headers[.eTag] = tag.header
        if tag.isNamed(in: exchange.request.headers[.ifNoneMatch]) {
            return Response(status: .notModified, headers: headers).withoutLength()
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: .init(bytes: text)))
    }

    private static func entry(_ exchange: Exchange) throws -> (VersionSummary, VersionFile) {
        let path = exchange.value("path")
        let (version, file) = try exchange.registry.file(path, of: exchange.reference())
        guard let file else { throw ServerError.unknown("file or folder", path, version) }
        return (version, file)
    }

    /// The index of a sharded model and the headers of all its shards, in one answer.
    private static func safetensorsMetadata(_ exchange: Exchange) async throws -> Response {
        let path = exchange.value("path")
        let (version, file) = try exchange.registry.file(path, of: exchange.reference("main"))
        guard let file else { throw ServerError.unknown("file or folder", path, version) }
        let reference = try exchange.reference(version.commit.hex)
        let metadata = try await ShardedMetadata(
            index: file, in: reference, content: exchange.services.content, limit: indexLimit)
        return JSONResponse.make(text: metadata.json, headers: [.repoCommit: version.commit.hex])
    }

    private static let indexLimit = 16 << 20
    private static let longestPathList = 10_000
}
