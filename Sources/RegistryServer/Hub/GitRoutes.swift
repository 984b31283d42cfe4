internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Registry

/// `git clone` over Git's dumb HTTP protocol: references and loose objects, large files as LFS pointers.
enum GitRoutes {
    static let routes: [Route] = [".git", ""].flatMap { suffix in
        [
            Route(.get, "/{model}\(suffix)/info/refs", .readModel, references),
            Route(.get, "/{model}\(suffix)/HEAD", .readModel, head),
            Route(.get, "/{model}\(suffix)/objects/{prefix}/{rest}", .readModel, object),
        ]
    }

    private static func references(_ exchange: Exchange) throws -> Response {
        // A client that wants to push asks for another service; there is none here.
        if let service = exchange.query("service"), service != "git-upload-pack" {
            throw ServerError(
                .notImplemented, code: .notImplemented, "models cannot be pushed with git; use the Hub client")
        }
        let found = try exchange.registry.gitReferences(of: try exchange.model())
        let lines =
            found.branches.map { "\($0.commit.hex)\trefs/heads/\($0.name)\n" }
            + found.tags.map { "\($0.commit.hex)\trefs/tags/\($0.name)\n" }
        return text(lines.sorted { $0.dropFirst(41) < $1.dropFirst(41) }.joined())
    }

    private static func head(_ exchange: Exchange) throws -> Response {
        _ = try exchange.registry.gitReferences(of: try exchange.model())
        return text("ref: refs/heads/main\n")
    }

    private static func object(_ exchange: Exchange) async throws -> Response {
        let (prefix, rest) = (exchange.value("prefix"), exchange.value("rest"))
        guard prefix.utf8.count == 2, let id = GitObjectID(hex: prefix + rest),
            let object = try await exchange.registry.gitObject(id, of: try exchange.model())
        else {
            throw ServerError(.notFound, code: .entryNotFound, "there is no such object")
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-git-loose-object", .cacheControl: "private, max-age=31536000, immutable",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try object.deflated())))
    }

    private static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
