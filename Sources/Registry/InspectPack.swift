internal import DeltaCodecs
public import DeltaicCore
internal import Foundation
internal import PackFormat

/// What a pack holds.
public struct PackReport: Sendable, Codable {
    public struct Stream: Sendable, Codable {
        public let codec: String
        /// The stream's ordinal within its codec's chunks, with its name where it has one.
        public let name: String
        public let storedBytes: Int
        public let rawBytes: Int
    }

    public struct Object: Sendable, Codable {
        public let sha256: Digest
        /// nil for bytes that are no tensor.
        public let type: ElementType?
        public let elements: Int
        public let base: Digest?
        public let codecs: [String]
        public let chunks: Int
        public let rawBytes: Int
        public let storedBytes: Int
        /// The tensors or files of the pack's own version that have this content.
        public let names: [String]
    }

    public let id: Digest
    public let path: String
    public let byteCount: Int
    public let formatVersion: Int
    /// The version that wrote it, as `name@v1`.
    public let version: String?
    public let rawBytes: Int
    public let payloadBytes: Int
    /// Everything that is not payload: headers, records, manifest, index, trailer.
    public let overheadBytes: Int
    public let streams: [Stream]
    public let objects: [Object]
}

extension ModelRegistry {
    /// Reads a pack's index.
    ///
    /// - Parameter pack: a path, or at least six leading digits of the id of a pack of this registry.
    public func inspect(_ pack: String) throws -> PackReport {
        if FileManager.default.fileExists(atPath: pack) { return try Self.inspect(path: pack) }
        let matches = directory.packs.contents().packs.keys.filter { $0.hex.hasPrefix(pack.lowercased()) }
        guard pack.count >= 6, matches.count == 1, let id = matches.first else {
            throw DeltaicError(
                .unknownContent, matches.count > 1 ? "several packs begin so" : "there is no such pack", at: [pack],
                advice: "give the path of a pack, or six or more digits of its id (`deltaic show` prints it)")
        }
        return try Self.inspect(path: directory.packs.path(of: id))
    }

    /// Reads the index of a pack that need not belong to a registry.
    public static func inspect(path: String) throws -> PackReport {
        let reader = try PackReader(path: path)
        let manifest = try reader.manifest().map { try VersionManifest(json: $0) }
        var names: [Digest: [String]] = [:]
        for file in manifest?.files ?? [] {
            names[file.content, default: []].append(file.tensors == nil ? file.path : "header of \(file.path)")
            for tensor in file.tensors ?? [] { names[tensor.sha256, default: []].append(tensor.name) }
        }
        var streams: [StreamKey: (stored: Int, raw: Int)] = [:]
        for chunk in reader.objects.flatMap(\.chunks) {
            for (position, stream) in chunk.streams.enumerated() {
                let key = StreamKey(codec: chunk.codec, position: position)
                streams[key, default: (0, 0)].stored += stream.storedLength
                streams[key, default: (0, 0)].raw += stream.rawLength
            }
        }
        let payload = streams.values.reduce(0) { $0 + $1.stored }
        return PackReport(
            id: reader.id, path: path, byteCount: reader.byteCount, formatVersion: PackReader.formatVersion,
            version: manifest.map { "\($0.model)@v\($0.number)" },
            rawBytes: reader.objects.reduce(0) { $0 + $1.description.byteCount }, payloadBytes: payload,
            overheadBytes: reader.byteCount - payload,
            streams: streams.sorted { $0.key < $1.key }.map { key, bytes in
                PackReport.Stream(
                    codec: CodecID(number: key.codec).description, name: key.name, storedBytes: bytes.stored,
                    rawBytes: bytes.raw)
            },
            objects: reader.objects.map { object in
                PackReport.Object(
                    sha256: object.description.digest, type: object.description.type,
                    elements: object.description.elementCount, base: object.description.base,
                    codecs: Set(object.chunks.map { CodecID(number: $0.codec).description }).sorted(),
                    chunks: object.chunks.count, rawBytes: object.description.byteCount,
                    storedBytes: object.storedBytes, names: names[object.description.digest] ?? [])
            })
    }

    private struct StreamKey: Hashable, Comparable {
        let codec: UInt8
        let position: Int

        static func < (left: Self, right: Self) -> Bool {
            (left.codec, left.position) < (right.codec, right.position)
        }

        var name: String {
            StreamNames.name(of: position, codec: CodecID(number: codec))
        }
    }
}
