internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// Git LFS's batch API: where the content of a pointer is, and where it is to be sent.
enum LFSRoutes {
    static let routes: [Route] = [".git", ""].flatMap { suffix in
        [
            Route(.post, "/{model}\(suffix)/info/lfs/objects/batch", .readModel, batch),
            Route(.post, "/{model}\(suffix)/info/lfs/objects/verify", .writeModel, verify),
        ]
    }

    private static let mediaType = "application/vnd.git-lfs+json"
    private static let longestBatch = 1000
    /// Of all files of an answer: each has a URL of its own.
    private static let mostParts = 4000

    private static func batch(_ exchange: Exchange) async throws -> Response {
        let body = try await exchange.body()
        guard let asked = try? JSONDecoder().decode(LFSBatch.Request.self, from: Data(body)) else {
            throw ServerError(.unprocessableContent, "the body is no request of Git LFS's batch API")
        }
        guard asked.hashAlgorithm ?? "sha256" == "sha256" else {
            throw ServerError(.conflict, "objects are known by their SHA-256 only")
        }
        guard asked.objects.count <= longestBatch else {
            throw ServerError(.contentTooLarge, "a batch has at most \(longestBatch) objects")
        }
        let answer: LFSBatch.Answer
        switch asked.operation {
        case "download": answer = try downloads(asked, exchange)
        case "upload": answer = try uploads(asked, exchange)
        default: throw ServerError(.unprocessableContent, "a batch is for upload or for download")
        }
        var response = try JSONResponse.make(answer)
        response.headers[.contentType] = mediaType
        return response
    }

    private static func downloads(_ asked: LFSBatch.Request, _ exchange: Exchange) throws -> LFSBatch.Answer {
        let model = try exchange.model()
        let digests = asked.objects.compactMap { Digest(hex: $0.oid) }
        let places = try exchange.registry.places(of: digests, in: model)
        // git-lfs asks this server with the client's own credentials again.
        let credentials = exchange.request.headers[.authorization].map { ["Authorization": $0] }
        let objects = asked.objects.map { object in
            var answer = LFSBatch.Answer.Object(oid: object.oid, size: object.size)
            guard let digest = Digest(hex: object.oid), let place = places[digest], place.size == object.size else {
                answer.error = .init(code: 404, message: "\(model) has no such object of \(object.size) bytes")
                return answer
            }
            answer.authenticated = true
            let path = PathSegments.encodePath(place.path)
            answer.actions = .init(
                download: .init(
                    href: "\(exchange.origin)/\(model)/resolve/\(place.commit.hex)/\(path)", header: credentials))
            return answer
        }
        return LFSBatch.Answer(objects: objects)
    }

    private static func uploads(_ asked: LFSBatch.Request, _ exchange: Exchange) throws -> LFSBatch.Answer {
        try AccessCheck(principal: exchange.principal, model: exchange.model).run(.writeModel)
        let model = try exchange.model()
        let known = try exchange.registry.places(of: asked.objects.compactMap { Digest(hex: $0.oid) }, in: model)
        // A client that can do Xet sends less that way, of files that it sent in part before.
        let isXet = asked.transfers?.contains("xet") == true
        let mayBeParts = !isXet && asked.transfers?.contains("multipart") == true
        var partsLeft = mostParts
        var answer = LFSBatch.Answer(
            objects: try asked.objects.map { object in
                var answer = LFSBatch.Answer.Object(oid: object.oid, size: object.size)
                guard let digest = Digest(hex: object.oid),
                    (0...exchange.services.options.maximumFile).contains(object.size)
                else {
                    answer.error = .init(
                        code: 422,
                        message: "an object has a SHA-256 and at most \(exchange.services.options.maximumFile) bytes")
                    return answer
                }
                let there = known[digest]?.size ?? exchange.registry.uploads.size(of: digest, for: model)
                if there == object.size { return answer }
                let target = UploadTarget(
                    model: model, digest: digest, size: object.size, partBytes: exchange.services.options.partBytes)
                // What has no room in the answer is sent whole.
                partsLeft -= target.partCount
                answer.authenticated = true
                answer.actions = .init(
                    upload: try target.action(exchange, mayBeParts: mayBeParts && partsLeft >= 0),
                    verify: .init(
                        href: "\(exchange.origin)/\(model).git/info/lfs/objects/verify",
                        header: exchange.request.headers[.authorization].map { ["Authorization": $0] }))
                return answer
            })
        if isXet {
            answer.transfer = "xet"
        } else if mayBeParts, answer.objects.contains(where: { $0.size > exchange.services.options.partBytes }) {
            answer.transfer = "multipart"
        }
        return answer
    }

    private static func verify(_ exchange: Exchange) async throws -> Response {
        let object: LFSBatch.Request.Object = try await exchange.json("a JSON object with oid and size")
        let model = try exchange.model()
        guard let digest = Digest(hex: object.oid) else {
            throw ServerError(.unprocessableContent, "oid is no SHA-256")
        }
        let there =
            try exchange.registry.uploads.size(of: digest, for: model)
            ?? exchange.registry.places(of: [digest], in: model)[digest]?.size
        guard there == object.size else {
            throw ServerError(
                .notFound, code: .entryNotFound, "no object \(digest.hex) of \(object.size) bytes was sent for \(model)"
            )
        }
        var response = JSONResponse.make(text: "{}".utf8)
        response.headers[.contentType] = mediaType
        return response
    }
}
