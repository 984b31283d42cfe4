internal import DeltaicCore

@testable internal import Registry

/// Reads what a Git client sends: a request, its lines, or a compressed request, by the first byte.
enum GitFuzzer {
    private static let inflatedLimit = 1 << 16

    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let kind = input.byte() % 3
        let body = Array(input.rest)
        switch kind {
        case 0: try request(body)
        case 1: try lines(body)
        default:
            let raw = try FuzzParser.accepted { try ZlibStream.inflateGzip(body, limit: inflatedLimit) }
            guard let raw else { return }
            try FuzzParser.require(raw.count <= inflatedLimit, "more was inflated than is allowed")
            try request(raw)
        }
    }

    private static func request(_ body: [UInt8]) throws {
        guard let request = try FuzzParser.accepted({ try GitUploadRequest(body) }) else { return }
        try FuzzParser.require(Set(request.wants).count == request.wants.count, "a commit is wanted twice")
        try FuzzParser.require(request.depth != 0, "a depth of zero was accepted")
    }

    private static func lines(_ body: [UInt8]) throws {
        var lines = GitPacketLines(body)
        var count = 0
        while let line = try FuzzParser.accepted({ try lines.next() }) ?? nil {
            count += line == .flush ? 4 : 4
            try FuzzParser.require(count <= body.count, "there are more lines than bytes for them")
        }
    }
}
