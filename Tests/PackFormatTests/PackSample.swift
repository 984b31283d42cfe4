internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TestSupport
internal import Testing

/// A small pack with a tensor, one with a base, text, an empty tensor and a manifest.
struct PackSample {
    let directory: TemporaryDirectory
    let path: String
    let id: Digest
    let file: [UInt8]
    /// The streams of each chunk of each object, as they were written.
    let streams: [[[EncodedStream]]]

    static let manifest = Array("{\"manifest\": 1}".utf8)
    static let seed: UInt64 = 77

    init() throws {
        let built = try Self.built.get()
        directory = try TemporaryDirectory()
        path = try directory.write("sample.pack", built.file)
        id = built.id
        file = built.file
        streams = built.streams
    }

    /// The pack is made once: making it durable takes longer than all that tests do to it.
    private static let built = Result { try build() }

    /// Writes the pack; each call gives the same bytes.
    static func build() throws -> (file: [UInt8], id: Digest, streams: [[[EncodedStream]]]) {
        let directory = try TemporaryDirectory()
        var generator = SeededGenerator(seed: Self.seed)
        let weights = generator.bytes(60)
        let tuned = generator.bytes(60)
        let text = Array(String(repeating: "config ", count: 20).utf8)
        let coder = ZstdStream()
        let zeros = [UInt8](repeating: 0, count: 40)
        let contents: [(raw: [UInt8], type: ElementType?, base: Digest?, streams: [EncodedStream])] = [
            (weights, .bfloat16, nil, [try coder.encode(weights, effort: .literals)]),
            (
                tuned, .bfloat16, try Digest.sha256(weights),
                [try coder.encode(zeros, effort: .matches), try coder.encode(tuned, effort: .smallest)]
            ),
            (text, nil, nil, [try coder.encode(text, effort: .matches)]),
            ([], .float32, nil, []),
        ]
        let writer = try PackWriter(directory: directory.path)
        for content in contents {
            try writer.beginObject(
                ObjectDescription(
                    digest: try Digest.sha256(content.raw), type: content.type,
                    elementCount: content.raw.count / (content.type?.width ?? 1), base: content.base))
            if !content.raw.isEmpty {
                try writer.append(
                    codec: content.base == nil ? 1 : 2, streams: content.streams,
                    rawChecksum: FastHash.checksum(content.raw))
            }
            try writer.endObject()
        }
        try writer.write(manifest: Self.manifest)
        let id = try writer.finish { _ in "sample.pack" }
        let file = Array(try Data(contentsOf: URL(filePath: directory.path("sample.pack"))))
        return (file, id, contents.map { $0.raw.isEmpty ? [] : [$0.streams] })
    }

    var parts: PackParts { PackParts(file) }

    /// The index of a pack, decoded.
    static func index(of parts: PackParts) throws -> PackIndexFields {
        let stream = EncodedStream(
            encoding: try #require(EncodedStream.Encoding(rawValue: parts.indexEncoding)),
            rawLength: Int(parts.indexRawLength), bytes: parts.index)
        return PackIndexFields(try ZstdStream().decode(stream, limit: 1 << 20))
    }

    /// Everything that can be read of a pack: opening, each record and its streams, the manifest.
    @discardableResult
    static func readAll(_ path: String) throws -> PackReader {
        let reader = try PackReader(path: path)
        for object in reader.objects {
            for chunk in object.chunks {
                try reader.checkRecord(of: chunk)
                for stream in try reader.streams(of: chunk) {
                    _ = try ZstdStream().decode(stream, limit: 1 << 23)
                }
            }
        }
        try reader.checkManifest()
        return reader
    }

    /// Reads all of a changed pack.
    @discardableResult
    func readAll(_ bytes: [UInt8]) throws -> PackReader {
        try Self.readAll(try directory.write("changed.pack", bytes))
    }
}
