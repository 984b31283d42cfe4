internal import DeltaicCore
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
public import Registry

/// Another registry, as its service shows it.
///
/// - SeeAlso: `Schema/http/openapi.yaml`, the tag "transfers".
public final class RemoteRegistry: Sendable {
    /// Packs are sent in parts of this length.
    public static let partLimit = 16 << 20
    /// So many digests go into one question.
    static let batch = 8192

    /// What it is called here.
    public let name: String
    let connection: HTTPConnection

    /// - Parameters:
    ///   - name: what it is called here.
    ///   - environment: where the remote's variable is looked up.
    /// - Throws: `.badRemote` if the variable with the token is not set, or what is wrong with the file of certificates.
    public convenience init(name: String, remote: Remote, environment: [String: String]) throws {
        try self.init(name: name, remote: remote, environment: environment, options: HTTPConnection.Options())
    }

    init(name: String, remote: Remote, environment: [String: String], options: HTTPConnection.Options) throws {
        self.name = name
        connection = try HTTPConnection(
            url: remote.url, token: try remote.resolvedToken(environment), caFile: remote.caFile, options: options)
    }

    /// Closes the connections; nothing may be asked after that.
    public func close() async { await connection.close() }

    // MARK: - What there is

    private struct ModelPage: Decodable {
        struct Model: Decodable {
            struct Latest: Decodable {
                let model: String
            }
            let latest: Latest
        }
        let models: [Model]
        let next: String?
    }

    /// The names of all models and bases.
    func models() async throws -> [String] {
        var names: [String] = []
        var cursor: String?
        repeat {
            let page: ModelPage = try await connection.json(
                .GET, "/v1/models?limit=1000" + (cursor.map { "&cursor=" + URLText.part($0) } ?? ""))
            names += page.models.map(\.latest.model)
            cursor = page.next
        } while cursor != nil
        return names
    }

    /// What there is of a model; no versions if there is none of that name.
    func history(of model: ModelName) async throws -> TransferHistory {
        try await connection.json(.GET, "/v1/history/" + URLText.path("\(model)"))
    }

    private func path(_ model: String, _ number: Int, _ rest: String) -> String {
        "/v1/models/\(URLText.path(model))/versions/v\(number)/\(rest)"
    }

    func closure(of model: String, _ number: Int) async throws -> VersionClosure {
        try await connection.json(.GET, path(model, number, "objects"))
    }

    private struct Objects: Codable {
        let objects: [Digest]
    }

    private struct Lacking: Decodable {
        let lacking: [Digest]
    }

    /// Those of some objects that it does not have.
    func lacking(_ digests: [Digest]) async throws -> Set<Digest> {
        var lacking: Set<Digest> = []
        for start in stride(from: 0, to: digests.count, by: Self.batch) {
            let part = Array(digests[start..<min(start + Self.batch, digests.count)])
            let answer: Lacking = try await connection.json(
                .POST, "/v1/objects/lacking", body: Objects(objects: part))
            lacking.formUnion(answer.lacking)
        }
        return lacking
    }

    private struct Tag: Encodable {
        let version: String
    }

    private struct TagAnswer: Decodable {
        let name: String
    }

    func setTag(_ tag: String, of model: String, _ number: Int) async throws {
        let _: TagAnswer = try await connection.json(
            .PUT, "/v1/models/\(URLText.path(model))/tags/\(URLText.part(tag))", body: Tag(version: "v\(number)"))
    }

    // MARK: - Pull

    /// Has a version's pack made that has some of its objects.
    func makePack(of model: String, _ number: Int, objects: [Digest]) async throws -> TransferPack {
        try await connection.json(.POST, path(model, number, "pack"), body: Objects(objects: objects))
    }

    /// Fetches what is still missing of a pack.
    func fetch(_ pack: TransferPack, into incoming: IncomingPack, progress: any ProgressReport) async throws {
        try await connection.fetch("/v1/packs/\(pack.id.hex)", size: pack.byteCount) {
            incoming.received
        } restart: {
            throw DeltaicError(.badAnswer, "the server cannot send a part of a pack", at: [connection.url])
        } take: { part in
            try part.withUnsafeReadableBytes { bytes in try incoming.append(bytes) }
            progress.advance(part.readableBytes)
        }
    }

    // MARK: - Push

    private struct Announcement: Encodable {
        let id: Digest
        let size: Int
    }

    private struct Progress: Decodable {
        let received: Int
    }

    /// Announces a pack.
    /// - Returns: how much of it is there already.
    func begin(_ pack: TransferPack) async throws -> Int {
        let progress: Progress = try await connection.json(
            .POST, "/v1/transfers", body: Announcement(id: pack.id, size: pack.byteCount))
        return progress.received
    }

    /// Sends the next part of a pack.
    /// - Returns: how much is there now: also when another part was expected.
    func send(_ bytes: [UInt8], at offset: Int, of pack: TransferPack) async throws -> Int {
        do {
            let answer = try await connection.ask(
                .PUT, "/v1/transfers/\(pack.id.hex)?offset=\(offset)", body: ByteBuffer(bytes: bytes))
            let progress: Progress = try connection.decode(answer)
            return progress.received
        } catch let error as DeltaicError where error.code.word == "wrongOffset" {
            // An attempt whose answer was lost may have come through.
            return try await begin(pack)
        }
    }

    private struct Completion: Encodable {
        let baseTree: GitObjectID?
        let isBase: Bool
    }

    /// Has the version of a pack registered that is there as a whole.
    func finish(_ pack: TransferPack, baseTree: GitObjectID?, isBase: Bool) async throws -> ImportResult {
        try await connection.json(
            .POST, "/v1/transfers/\(pack.id.hex)/version", body: Completion(baseTree: baseTree, isBase: isBase))
    }
}
