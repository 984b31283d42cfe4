internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Registry

/// Xet, for uploads: how a client learns where to send chunks, takes them, and puts files together (`Schema/http/xet.md`).
///
/// All other paths of the protocol are unknown here, which clients take for features that this server lacks.
enum XetRoutes {
    static let routes: [Route] = [
        Route(.get, "/api/models/{model}/xet-write-token/{revision}", .writeModel, token),
        Route(
            .post, "/cas/{place}/v1/xorbs/default/{hash}", .nothing, body: .upTo(XorbStore.longestXorb), takeXorb),
        Route(.post, "/cas/{place}/v1/shards", .nothing, body: .upTo(XorbStore.longestShard), takeShard),
        Route(.post, "/cas/{place}/shards", .nothing, body: .upTo(XorbStore.longestShard), takeShard),
        Route(.post, "/cas/{place}/v1/telemetry", .nothing) { _ in try JSONResponse.make([String: String]()) },
    ]

    // MARK: - Tokens

    /// Half of the clients read the body, the other half the header fields.
    private struct Token: Encodable {
        let accessToken: String
        let exp: Int
        let casUrl: String
    }

    private static func token(_ exchange: Exchange) throws -> Response {
        guard let identity = exchange.principal.token else {
            throw ServerError(.unauthorized, "this needs a token", headers: Authentication.challenge)
        }
        let model = try exchange.model()
        // A token that was revoked and made again is another one.
        let scope = try XorbPlace.scope(of: "\(identity.createdAt) \(identity.name)")
        let place = try exchange.services.xorbs.place(forScope: scope)
        let expires = Int(Date().timeIntervalSince1970) + XetBearer.lifetime
        let secret = try XetBearer(model: model, scope: scope).signed(
            by: exchange.services.capabilities, until: expires)
        let address = "\(exchange.origin)/cas/\(place)"
        return try JSONResponse.make(
            Token(accessToken: secret, exp: expires, casUrl: address),
            headers: [
                .xetAddress: address, .xetAccessToken: secret, .xetExpiration: "\(expires)", .cacheControl: "no-store",
            ])
    }

    // MARK: - Content

    private struct XorbAnswer: Encodable {
        let inserted = true

        enum CodingKeys: String, CodingKey {
            case inserted = "was_inserted"
        }
    }

    private struct ShardAnswer: Encodable {
        let result = 1
    }

    private static func takeXorb(_ exchange: Exchange) async throws -> Response {
        let writer: XorbWriter
        do {
            let (place, _) = try XetBearer.check(exchange)
            writer = try exchange.services.xorbs.receive(exchange.value("hash"), in: place)
        } catch {
            throw ServerError(closing: error)
        }
        try await exchange.takeBody(upTo: XorbStore.longestXorb) { part in
            try writer.append(Array(buffer: part))
        }
        try await BlockingWork.run { try writer.finish() }
        return try JSONResponse.make(XorbAnswer())
    }

    private static func takeShard(_ exchange: Exchange) async throws -> Response {
        let writer: ShardWriter
        let model: ModelName
        do {
            let (place, bearer) = try XetBearer.check(exchange)
            model = bearer.model
            writer = try exchange.services.xorbs.receiveShard(in: place)
        } catch {
            throw ServerError(closing: error)
        }
        try await exchange.takeBody(upTo: XorbStore.longestShard) { part in
            try writer.append(Array(buffer: part))
        }
        try await writer.assemble(for: model) { [channel = exchange.channel] in channel.isActive }
        return try JSONResponse.make(ShardAnswer())
    }
}

/// What a Xet client may do in place of the token that it was given for: make files ready for one model, from one place.
private struct XetBearer {
    /// In seconds; clients ask for another in time.
    static let lifetime = 3600

    private static let purpose = "xet-write"

    let model: ModelName
    let scope: String

    func signed(by key: Capabilities, until expires: Int) throws -> String {
        try key.sign(Self.purpose, [model.description, scope], until: expires)
    }

    /// The place in the path, and who may use it.
    ///
    /// - Throws: `ServerError` 401 without a text that is signed and has not expired, 403 for another client's place, 404 if the path
    ///   has no place in it.
    static func check(_ exchange: Exchange) throws -> (XorbPlace, XetBearer) {
        guard let header = exchange.request.headers[.authorization], let text = Authentication.secret(in: header),
            let fields = exchange.services.capabilities.fields(of: text, purpose), fields.count == 2
        else {
            throw ServerError(
                .unauthorized, "this needs the accessToken that xet-write-token gives, and it is good for an hour",
                headers: Authentication.challenge)
        }
        guard let place = XorbPlace(text: exchange.value("place")) else {
            throw ServerError(.notFound, "there is nothing at this path")
        }
        guard place.scope == fields[1] else {
            throw ServerError(.forbidden, "the accessToken is for another address than this")
        }
        return (place, XetBearer(model: try ModelName(fields[0]), scope: fields[1]))
    }
}
