internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Registry

/// `git clone` over HTTP, large files as LFS pointers.
///
/// Both of Git's protocols: the smart one, which its clients ask for and which alone can say that history ends at a version that
/// was removed, and the dumb one, which is references and loose objects for whoever walks them.
enum GitRoutes {
    static let routes: [Route] = [".git", ""].flatMap { suffix in
        [
            Route(.get, "/{model}\(suffix)/info/refs", .readModel, references),
            Route(.post, "/{model}\(suffix)/git-upload-pack", .readModel, uploadPack),
            Route(.get, "/{model}\(suffix)/HEAD", .readModel, head),
            Route(.get, "/{model}\(suffix)/objects/{prefix}/{rest}", .readModel, object),
        ]
    }

    private static func references(_ exchange: Exchange) throws -> Response {
        let model = try exchange.model()
        switch exchange.query("service") {
        case nil:
            return text(try exchange.registry.gitReferences(of: model).infoText)
        case "git-upload-pack":
            return Response(
                status: .ok,
                headers: [
                    .contentType: "application/x-git-upload-pack-advertisement", .cacheControl: "no-cache",
                ],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: try exchange.registry.gitAdvertisement(of: model))))
        default:
            throw ServerError(
                .notImplemented, code: .notImplemented, "models cannot be pushed with git; use the Hub client")
        }
    }

    private static func uploadPack(_ exchange: Exchange) async throws -> Response {
        let encoding = exchange.request.headers[.contentEncoding]?.lowercased()
        guard encoding == nil || encoding == "gzip" || encoding == "identity" else {
            throw ServerError(.unsupportedMediaType, "requests are taken as they are, or compressed with gzip")
        }
        let registry = exchange.registry
        let fetch = try registry.gitFetch(
            try await exchange.body(), isCompressed: encoding == "gzip", of: try exchange.model())
        let (channel, logger, metrics) = (exchange.channel, exchange.logger, exchange.services.metrics)
        let pace = PacedWriter(channel: channel, patience: exchange.services.options.stallTimeout)
        let body = ResponseBody { writer in
            do {
                try await registry.answer(fetch, isWanted: { channel.isActive }) { piece in
                    try await pace.write(ByteBuffer(bytes: piece), to: &writer)
                }
            } catch let error as DeltaicError {
                metrics.cutOff()
                logger.error("a pack was cut off", metadata: ["error": "\(error)"])
                throw error
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/x-git-upload-pack-result", .cacheControl: "no-cache"], body: body)
    }

    private static func head(_ exchange: Exchange) throws -> Response {
        text(try exchange.registry.gitReferences(of: try exchange.model()).headText)
    }

    private static func object(_ exchange: Exchange) async throws -> Response {
        let (prefix, rest) = (exchange.value("prefix"), exchange.value("rest"))
        guard prefix.utf8.count == 2, let id = GitObjectID(hex: prefix + rest),
            let held = try await exchange.registry.gitObject(
                id, of: try exchange.model(), isWanted: { [channel = exchange.channel] in channel.isActive })
        else {
            throw ServerError(.notFound, code: .entryNotFound, "there is no such object")
        }
        let bytes = try held.object.deflated()
        let pace = PacedWriter(channel: exchange.channel, patience: exchange.services.options.stallTimeout)
        let body = ResponseBody(contentLength: bytes.count) { writer in
            for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
                let piece = bytes[start..<min(start + pieceBytes, bytes.count)]
                try await pace.write(ByteBuffer(bytes: piece), to: &writer)
            }
            try await writer.finish(nil)
            // The room in memory is the object's until it was sent.
            withExtendedLifetime(held) {}
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-git-loose-object", .cacheControl: "private, max-age=31536000, immutable",
            ], body: body)
    }

    private static let pieceBytes = 128 << 10

    private static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
