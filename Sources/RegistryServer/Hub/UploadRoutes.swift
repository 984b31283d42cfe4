internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Registry

/// Where clients of Git LFS send files: the URL is all that they show.
enum UploadRoutes {
    static func routes(longestFile: Int) -> [Route] {
        [
            Route(.put, "/lfs/{capability}", .nothing, body: .upTo(longestFile), whole),
            Route(.put, "/lfs/{capability}/{part}", .nothing, body: .upTo(longestFile), part),
            Route(.post, "/lfs/{capability}", .nothing, complete),
        ]
    }

    private static func whole(_ exchange: Exchange) async throws -> Response {
        let (target, writer) = try closingIfRefused {
            let target = try UploadTarget(exchange.value("capability"), exchange)
            return (target, try exchange.registry.uploads.receive(target.digest, size: target.size, for: target.model))
        }
        try await exchange.takeBody(upTo: target.size) { try writer.append(Array(buffer: $0)) }
        try await BlockingWork.run { try writer.finish() }
        return Response(status: .ok)
    }

    private static func part(_ exchange: Exchange) async throws -> Response {
        let capability = exchange.value("capability")
        let (target, writer) = try closingIfRefused {
            let target = try UploadTarget(capability, exchange)
            guard let number = Int(exchange.value("part")), (1...target.partCount).contains(number) else {
                throw ServerError(.notFound, "the file has no part of this number")
            }
            return (target, try exchange.registry.parts.receive(number, of: capability))
        }
        try await exchange.takeBody(upTo: target.partBytes) { try writer.append(Array(buffer: $0)) }
        return Response(status: .ok, headers: [.eTag: "\"\(try writer.finish())\""])
    }

    private static func complete(_ exchange: Exchange) async throws -> Response {
        let capability = exchange.value("capability")
        let target = try UploadTarget(capability, exchange)
        let writer = try exchange.registry.uploads.receive(target.digest, size: target.size, for: target.model)
        let parts = exchange.registry.parts
        try await BlockingWork.run { try parts.assemble(target.partCount, of: capability, into: writer) }
        return JSONResponse.make(text: "{}".utf8)
    }

    /// Whoever is refused is not read on: what would follow may be a terabyte.
    private static func closingIfRefused<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw ServerError(closing: error)
        }
    }
}
