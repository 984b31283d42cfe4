internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Registry

/// Answers a request for a pack file as it lies on the disk, whole or a range.
///
/// Nothing is decoded: the registry that receives it checks every byte.
struct PackResponse {
    private static let pieceLength = 256 << 10

    let id: Digest
    let file: ReadOnlyFile

    func make(for exchange: Exchange) throws -> Response {
        let tag = EntityTag(value: id.hex)
        var headers: HTTPFields = [
            .eTag: tag.header, .acceptRanges: "bytes", .contentType: "application/octet-stream",
            .cacheControl: "private, immutable",
        ]
        if tag.isNamed(in: exchange.request.headers[.ifNoneMatch]) {
            return Response(status: .notModified, headers: headers).withoutLength()
        }
        if exchange.isHead {
            headers[.contentLength] = "\(file.size)"
            return Response(status: .ok, headers: headers)
        }
        let conditional = tag.allowsRange(under: exchange.request.headers[.ifRange])
        switch ByteRangeRequest(conditional ? exchange.request.headers[.range] : nil, size: file.size) {
        case .unsatisfiable:
            throw ServerError(
                .rangeNotSatisfiable, "the range begins past the end: there are \(file.size) bytes",
                headers: [.contentRange: "bytes */\(file.size)", .acceptRanges: "bytes"])
        case .whole:
            return response(.ok, 0..<file.size, headers, exchange)
        case .range(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
            return response(.partialContent, range, headers, exchange)
        }
    }

    private func response(
        _ status: HTTPResponse.Status, _ range: Range<Int>, _ headers: HTTPFields, _ exchange: Exchange
    ) -> Response {
        let pace = PacedWriter(channel: exchange.channel, patience: exchange.services.options.stallTimeout)
        let metrics = exchange.services.metrics
        let body = ResponseBody(contentLength: range.count) { [file] writer in
            var start = range.lowerBound
            while start < range.upperBound {
                let piece = start..<min(start + Self.pieceLength, range.upperBound)
                let bytes = try await BlockingWork.run { try file.read(piece) }
                try await pace.write(ByteBuffer(bytes: bytes), to: &writer)
                metrics.sent(piece.count)
                start = piece.upperBound
            }
            try await writer.finish(nil)
        }
        return Response(status: status, headers: headers, body: body)
    }
}
