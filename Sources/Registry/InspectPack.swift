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

    /// nil if the pack was scanned: the id is the index's.
    public let id: Digest?
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
    /// Reads the index of a pack of this registry, without a look at which others there are.
    public func inspect(_ id: Digest) throws -> PackReport {
        try Self.inspect(path: directory.packs.path(of: id))
    }

    /// Reads a pack's index.
    ///
    /// - Parameters:
    ///   - pack: at least six leading digits of the id of a pack of this registry.
    ///   - isScanned: see ``inspect(path:isScanned:)``.
    public func inspect(_ pack: String, isScanned: Bool = false) throws -> PackReport {
        let matches = directory.packs.contents().packs.keys.filter { $0.hex.hasPrefix(pack.lowercased()) }
        guard pack.count >= 6, matches.count == 1, let id = matches.first else {
            throw DeltaicError(
                .unknownContent, matches.count > 1 ? "several packs begin so" : "there is no such pack", at: [pack],
                advice: "give the path of a pack, or six or more digits of its id (`deltaic show` prints it)")
        }
        return try Self.inspect(path: directory.packs.path(of: id), isScanned: isScanned)
    }

    /// Reads the index of a pack that need not belong to a registry.
    ///
    /// - Parameter isScanned: leaves header and index aside and searches for records, which a damaged pack may still have;
    ///   only objects of which everything is there are reported.
    public static func inspect(path: String, isScanned: Bool = false) throws -> PackReport {
        if isScanned {
            let scan = try PackScanner(path: path).scan()
            return try report(
                path: path, id: nil, byteCount: scan.byteCount, objects: scan.objects, manifest: scan.manifest)
        }
        let reader = try PackReader(path: path)
        return try report(
            path: path, id: reader.id, byteCount: reader.byteCount, objects: reader.objects,
            manifest: try reader.manifest())
    }

    private static func report(
        path: String, id: Digest?, byteCount: Int, objects: [PackObject], manifest: [UInt8]?
    ) throws -> PackReport {
        let manifest = try manifest.map { try VersionManifest(json: $0) }
        var names: [Digest: [String]] = [:]
        for file in manifest?.files ?? [] {
            names[file.content, default: []].append(file.tensors == nil ? file.path : "header of \(file.path)")
            for tensor in file.tensors ?? [] { names[tensor.sha256, default: []].append(tensor.name) }
        }
        var streams: [StreamKey: (stored: Int, raw: Int)] = [:]
        for chunk in objects.flatMap(\.chunks) {
            for (position, stream) in chunk.streams.enumerated() {
                let key = StreamKey(codec: chunk.codec, position: position)
                streams[key, default: (0, 0)].stored += stream.storedLength
                streams[key, default: (0, 0)].raw += stream.rawLength
            }
        }
        let payload = streams.values.reduce(0) { $0 + $1.stored }
        return PackReport(
            id: id, path: path, byteCount: byteCount, formatVersion: PackReader.formatVersion,
            version: manifest.map { "\($0.model)@v\($0.number)" },
            rawBytes: objects.reduce(0) { $0 + $1.description.byteCount }, payloadBytes: payload,
            overheadBytes: byteCount - payload,
            streams: streams.sorted { $0.key < $1.key }.map { key, bytes in
                PackReport.Stream(
                    codec: CodecID(number: key.codec).description, name: key.name, storedBytes: bytes.stored,
                    rawBytes: bytes.raw)
            },
            objects: objects.map { object in
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
