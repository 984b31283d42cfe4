internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Registry

/// `/v1/transfers`, and what else registries ask each other: versions move as packs of what the other side lacks.
struct TransferRoutes {
    /// The longest part of a pack that is sent at a time.
    static let partLimit = 16 << 20
    /// Of a list of digests, as JSON.
    private static let listLimit = 16 << 20
    private static let longestQuestion = 100_000

    private let packing = LongWork<TransferPack>()
    private let importing = LongWork<ImportResult>()

    var routes: [Route] {
        [
            Route(.get, "/v1/history/{model}", .exchange, Self.history),
            Route(.get, "/v1/models/{model}/versions/{revision}/objects", .exchange, Self.objects),
            Route(
                .post, "/v1/models/{model}/versions/{revision}/pack", .exchange, body: .upTo(Self.listLimit)
            ) { [packing] in try await Self.makePack($0, packing) },
            Route(.get, "/v1/packs/{id}", .exchange, Self.pack),
            Route(.post, "/v1/objects/lacking", .writeEverything, body: .upTo(Self.listLimit), Self.lacking),
            Route(.post, "/v1/transfers", .writeEverything, Self.begin),
            Route(.get, "/v1/transfers/{id}", .writeEverything, Self.progress),
            Route(.put, "/v1/transfers/{id}", .writeEverything, body: .upTo(Self.partLimit), Self.receive),
            Route(.post, "/v1/transfers/{id}/version", .writeEverything) { [importing] in
                try await Self.register($0, importing)
            },
        ]
    }

    // MARK: - What there is

    private static func history(_ exchange: Exchange) throws -> Response {
        try JSONResponse.make(try exchange.registry.transferHistory(of: try exchange.model()))
    }

    private static func objects(_ exchange: Exchange) throws -> Response {
        try JSONResponse.make(try exchange.registry.closure(of: try exchange.reference()))
    }

    private struct Objects: Decodable {
        let objects: [Digest]
    }

    private struct Lacking: Encodable {
        let lacking: [Digest]
    }

    private static func lacking(_ exchange: Exchange) async throws -> Response {
        let asked: Objects = try await list(exchange)
        guard asked.objects.count <= longestQuestion else {
            throw ServerError(.contentTooLarge, "at most \(longestQuestion) objects can be asked for at a time")
        }
        let registry = exchange.registry
        let lacking = try await BlockingWork.run { try registry.lacking(asked.objects) }
        return try JSONResponse.make(Lacking(lacking: lacking))
    }

    /// A list of objects, longer than bodies usually may be.
    private static func list(_ exchange: Exchange) async throws -> Objects {
        var bytes = Data()
        try await exchange.takeBody(upTo: listLimit) { bytes.append(contentsOf: $0.readableBytesView) }
        guard let list = try? JSONDecoder().decode(Objects.self, from: bytes) else {
            throw ServerError(
                .badRequest, "the body has to be a JSON object with a list of SHA-256s: {\"objects\": []}")
        }
        return list
    }

    // MARK: - Out

    private static func makePack(_ exchange: Exchange, _ work: LongWork<TransferPack>) async throws -> Response {
        let objects = try await list(exchange).objects
        let reference = try exchange.reference()
        let registry = exchange.registry
        let digest = try Digest.sha256(objects.sorted().flatMap(\.bytes))
        let pack = try await work.run("\(reference) \(digest)") {
            try await registry.transferPack(of: reference, objects: objects)
        }
        return try JSONResponse.make(pack)
    }

    private static func pack(_ exchange: Exchange) throws -> Response {
        let id = try id(exchange)
        return try PackResponse(id: id, file: try exchange.registry.openTransferPack(id)).make(for: exchange)
    }

    // MARK: - In

    private struct Announcement: Decodable {
        let id: Digest
        let size: Int
    }

    private struct Progress: Encodable {
        let id: Digest
        /// How many bytes of it are here: where the next part begins.
        let received: Int
    }

    private static func begin(_ exchange: Exchange) async throws -> Response {
        let announced: Announcement = try await exchange.json(
            "a JSON object with the id of a pack and its size: {\"id\": \"...\", \"size\": 1000}")
        guard (0...(1 << 50)).contains(announced.size) else {
            throw ServerError(.badRequest, "the size of the pack is out of range")
        }
        let incoming = try exchange.registry.incomingPack(announced.id)
        // More than was announced is not the beginning of it.
        if incoming.received > announced.size {
            incoming.discard()
            return try JSONResponse.make(Progress(id: announced.id, received: 0))
        }
        guard exchange.registry.hasRoom(for: announced.size - incoming.received) else {
            throw ServerError(.contentTooLarge, "the server's disk has no room for a pack of \(announced.size) bytes")
        }
        return try JSONResponse.make(Progress(id: announced.id, received: incoming.received))
    }

    private static func progress(_ exchange: Exchange) throws -> Response {
        let id = try id(exchange)
        return try JSONResponse.make(Progress(id: id, received: exchange.registry.incomingBytes(id)))
    }

    private static func receive(_ exchange: Exchange) async throws -> Response {
        let id = try id(exchange)
        guard let offset = try exchange.number("offset", in: 0...(1 << 50)) else {
            throw ServerError(.badRequest, "the query has to say where the part begins: offset=0")
        }
        let incoming = try exchange.registry.incomingPack(id)
        do {
            try incoming.check(offset: offset)
        } catch {
            // The client sees the answer only when it has sent all.
            try await exchange.takeBody(upTo: partLimit) { _ in }
            throw error
        }
        // What came before a connection broke stays: the next part goes on there.
        try await exchange.takeBody(upTo: partLimit) { part in
            try part.withUnsafeReadableBytes { bytes in try incoming.append(bytes) }
        }
        guard incoming.received > offset else { throw ServerError(.badRequest, "a part has at least one byte") }
        return try JSONResponse.make(Progress(id: id, received: incoming.received))
    }

    private struct Completion: Decodable {
        let baseTree: GitObjectID?
        let isBase: Bool?
    }

    private static func register(_ exchange: Exchange, _ work: LongWork<ImportResult>) async throws -> Response {
        let id = try id(exchange)
        let completion: Completion = try await exchange.json(
            "a JSON object, with the tree of the base version or without: {\"baseTree\": \"...\"}")
        let registry = exchange.registry
        let result = try await work.run("\(id)") {
            try await registry.importVersion(
                from: try registry.incomingPack(id), baseTree: completion.baseTree, isBase: completion.isBase)
        }
        return try JSONResponse.make(result)
    }

    private static func id(_ exchange: Exchange) throws -> Digest {
        guard let id = Digest(hex: exchange.value("id").lowercased()) else {
            throw ServerError(
                .notFound, code: .entryNotFound, "a pack is known by an id of 64 hexadecimal digits")
        }
        return id
    }
}
