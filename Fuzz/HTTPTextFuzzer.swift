internal import DeltaicCore
internal import Foundation

@testable internal import RegistryServer

/// Reads the texts of requests: ranges, paths, revisions, queries, tags of entities, addresses, LFS batches, by the first byte.
enum HTTPTextFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let kind = input.byte() % 7
        let size = kind == 0 ? input.short() : 0
        let text = String(decoding: input.rest, as: UTF8.self)
        switch kind {
        case 0: try range(text, size: size)
        case 1: try path(text)
        case 2: try revision(text)
        case 3:
            for pair in QueryParameters(text).pairs {
                let again = QueryParameters(QueryParameters.encode(pair.name, pair.value)).pairs
                guard !pair.name.isEmpty || !pair.value.isEmpty else { continue }
                try FuzzParser.require(
                    again.count == 1 && again[0].name == pair.name && again[0].value == pair.value,
                    "a parameter is not read as it is written")
            }
        case 4:
            let tag = EntityTag(value: "0123abcd")
            _ = tag.isNamed(in: text)
            try FuzzParser.require(!tag.allowsRange(under: text) || text == tag.header, "a range is taken for fresh")
        case 5:
            for trusts in [true, false] {
                let address = ClientAddress(remote: "192.0.2.1", forwardedFor: text, trustsProxy: trusts)
                _ = address.rateKey
                try FuzzParser.require(trusts || address.text == "192.0.2.1", "a client chose its own address")
            }
        default: _ = try? JSONDecoder().decode(LFSBatch.Request.self, from: Data(input.rest))
        }
    }

    private static func range(_ text: String, size: Int) throws {
        guard case .range(let range) = ByteRangeRequest(text, size: size) else { return }
        try FuzzParser.require(
            !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "a range lies outside of the content")
    }

    private static func path(_ text: String) throws {
        guard let segments = PathSegments(path: text) else { return }
        try FuzzParser.require(segments.raw.count == segments.decoded.count, "parts of a path are missing")
        for part in segments.decoded {
            try FuzzParser.require(!part.utf8.contains(0), "a part of a path has a NUL in it")
            try FuzzParser.require(
                PathSegments(path: PathSegments.encode(part))?.decoded == (part.isEmpty ? [] : [part]),
                "a part of a path is not read as it is written")
        }
    }

    private static func revision(_ text: String) throws {
        for prefersNumbers in [true, false] {
            do {
                _ = try RevisionName(text, prefersNumbers: prefersNumbers).reference(to: try ModelName("org/name"))
            } catch let error {
                try FuzzParser.require(error is ServerError, "a revision fails with \(error)")
            }
        }
    }
}
