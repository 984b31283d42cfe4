internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Registry

/// Where clients of Git LFS send files: the URL is all that they show.
enum UploadRoutes {
    static func routes(longestFile: Int, partBytes: Int) -> [Route] {
        [
            Route(.put, "/lfs/{capability}", .nothing, body: .upTo(longestFile), whole),
            Route(.put, "/lfs/{capability}/{part}", .nothing, body: .upTo(partBytes), part),
            Route(.post, "/lfs/{capability}", .nothing, complete),
        ]
    }

    private static func whole(_ exchange: Exchange) async throws -> Response {
        let target = try UploadTarget(exchange.value("capability"), exchange)
        let writer = try exchange.registry.uploads.receive(target.digest, size: target.size, for: target.model)
        try await exchange.takeBody(upTo: target.size) { try writer.append(Array(buffer: $0)) }
        try await BlockingWork.run { try writer.finish() }
        return Response(status: .ok)
    }

    private static func part(_ exchange: Exchange) async throws -> Response {
        let capability = exchange.value("capability")
        let target = try UploadTarget(capability, exchange)
        let partBytes = exchange.services.options.partBytes
        guard let number = Int(exchange.value("part")), (1...max(1, target.partCount(partBytes))).contains(number)
        else {
            throw ServerError(.notFound, "the file has no part of this number")
        }
        let writer = try exchange.registry.parts.receive(number, of: capability)
        try await exchange.takeBody(upTo: partBytes) { try writer.append(Array(buffer: $0)) }
        return Response(status: .ok, headers: [.eTag: "\"\(try writer.finish())\""])
    }

    private static func complete(_ exchange: Exchange) async throws -> Response {
        let capability = exchange.value("capability")
        let target = try UploadTarget(capability, exchange)
        let writer = try exchange.registry.uploads.receive(target.digest, size: target.size, for: target.model)
        let (parts, count) = (exchange.registry.parts, target.partCount(exchange.services.options.partBytes))
        try await BlockingWork.run { try parts.assemble(count, of: capability, into: writer) }
        return JSONResponse.make(text: "{}".utf8)
    }
}
