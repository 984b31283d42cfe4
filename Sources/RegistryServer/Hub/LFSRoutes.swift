internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// Git LFS's batch API, for downloads: where the content of a pointer is.
enum LFSRoutes {
    static let routes: [Route] = [
        Route(.post, "/{model}.git/info/lfs/objects/batch", .readModel, batch),
        Route(.post, "/{model}/info/lfs/objects/batch", .readModel, batch),
    ]

    private static let mediaType = "application/vnd.git-lfs+json"
    private static let longestBatch = 1000

    private struct BatchRequest: Decodable {
        struct Object: Decodable {
            let oid: String
            let size: Int
        }

        let operation: String
        let objects: [Object]
        let hashAlgorithm: String?

        enum CodingKeys: String, CodingKey {
            case operation, objects
            case hashAlgorithm = "hash_algo"
        }
    }

    private struct BatchResponse: Encodable {
        struct Object: Encodable {
            struct Actions: Encodable {
                struct Action: Encodable {
                    let href: String
                    let header: [String: String]?
                }

                let download: Action
            }

            struct Problem: Encodable {
                let code: Int
                let message: String
            }

            let oid: String
            let size: Int
            var authenticated: Bool?
            var actions: Actions?
            var error: Problem?
        }

        let transfer = "basic"
        let objects: [Object]
        let hashAlgorithm = "sha256"

        enum CodingKeys: String, CodingKey {
            case transfer, objects
            case hashAlgorithm = "hash_algo"
        }
    }

    private static func batch(_ exchange: Exchange) async throws -> Response {
        let body = try await exchange.body()
        guard let asked = try? JSONDecoder().decode(BatchRequest.self, from: Data(body)) else {
            throw ServerError(.unprocessableContent, "the body is no request of Git LFS's batch API")
        }
        guard asked.operation == "download" else {
            throw ServerError(
                .notImplemented, code: .notImplemented, "this server only lets Git LFS download")
        }
        guard asked.hashAlgorithm ?? "sha256" == "sha256" else {
            throw ServerError(.conflict, "objects are known by their SHA-256 only")
        }
        guard asked.objects.count <= longestBatch else {
            throw ServerError(.contentTooLarge, "a batch has at most \(longestBatch) objects")
        }
        let model = try exchange.model()
        let digests = asked.objects.compactMap { Digest(hex: $0.oid) }
        let places = try exchange.registry.places(of: digests, in: model)
        // git-lfs asks this server with the client's own credentials again.
        let credentials = exchange.request.headers[.authorization].map { ["Authorization": $0] }
        let objects = asked.objects.map { object in
            var answer = BatchResponse.Object(oid: object.oid, size: object.size)
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
        var response = try JSONResponse.make(BatchResponse(objects: objects))
        response.headers[.contentType] = mediaType
        return response
    }
}
