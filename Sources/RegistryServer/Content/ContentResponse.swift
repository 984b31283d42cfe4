internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Registry

/// Answers a request for bytes: whole or a range, conditions and HEAD included.
struct ContentResponse {
    let size: Int
    let tag: EntityTag
    /// What else the answer says of the content, whatever part of it is sent.
    let headers: HTTPFields
    /// Opens the content; not called for HEAD, nor for a client that has it.
    let open: () throws -> ServedContent

    /// - Throws: what is wrong with the content, if that is known before the first byte is sent.
    func make(for exchange: Exchange) async throws -> Response {
        var headers = headers
        headers[.eTag] = tag.header
        headers[.acceptRanges] = "bytes"
        if tag.isNamed(in: exchange.request.headers[.ifNoneMatch]) {
            return Response(status: .notModified, headers: headers).withoutLength()
        }
        // A HEAD answers for the whole, whatever range it names: Swift clients read the size from it.
        if exchange.isHead {
            headers[.contentLength] = "\(size)"
            return Response(status: .ok, headers: headers)
        }
        let conditional = tag.allowsRange(under: exchange.request.headers[.ifRange])
        switch ByteRangeRequest(conditional ? exchange.request.headers[.range] : nil, size: size) {
        case .unsatisfiable:
            throw ServerError(
                .rangeNotSatisfiable, "the range begins past the end: there are \(size) bytes",
                headers: [.contentRange: "bytes */\(size)", .acceptRanges: "bytes"])
        case .whole:
            return try await response(.ok, 0..<size, headers, exchange)
        case .range(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
            return try await response(.partialContent, range, headers, exchange)
        }
    }

    private func response(
        _ status: HTTPResponse.Status, _ range: Range<Int>, _ headers: HTTPFields, _ exchange: Exchange
    ) async throws -> Response {
        let content = try open()
        guard content.size == size else {
            throw DeltaicError(
                .contentMismatch, "the content is not as long as was said", at: [content.name],
                expected: "\(size) bytes", found: "\(content.size)")
        }
        let service = exchange.services.content
        try await service.prepare(content, range)
        let pace = PacedWriter(channel: exchange.channel, patience: exchange.services.options.stallTimeout)
        let metrics = exchange.services.metrics
        let logger = exchange.logger
        let body = ResponseBody(contentLength: range.count) { writer in
            do {
                try await service.stream(content, range) {
                    ByteBuffer(bytes: $0)
                } deliver: { buffer in
                    let count = buffer.readableBytes
                    try await pace.write(buffer, to: &writer)
                    metrics.sent(count)
                }
            } catch let error as DeltaicError {
                // The connection is closed short of the announced length: a client cannot take this for the whole.
                metrics.cutOff()
                logger.error("a response was cut off", metadata: ["error": "\(error)", "content": "\(content.name)"])
                throw error
            }
            try await writer.finish(nil)
        }
        return Response(status: status, headers: headers, body: body)
    }
}

extension Response {
    /// Without `Content-Length`, which of a 304 would be that of the content.
    func withoutLength() -> Response {
        var response = self
        response.headers[.contentLength] = nil
        return response
    }
}
