public import DeltaicCore

/// A pack as far as it can be read: through its index if that is whole, else through what a scan finds of its records.
public struct SalvagedPack: Sendable {
    /// An object, and those of its chunks of which a record was found, by position.
    public struct Object: Sendable {
        public let description: ObjectDescription
        public let chunks: [Int: ChunkRecord]
    }

    public let path: String
    /// By their ordinals in the pack; with an index, all of them.
    public let objects: [Int: Object]
    /// The JSON of the manifest, if it is whole.
    public let manifest: [UInt8]?
    /// Why the pack cannot be opened; nil if it can.
    public let problem: DeltaicError?
    private let file: ReadOnlyFile

    /// - Parameter id: the pack's id: an index of another pack is not believed.
    /// - Throws: `.ioFailure` if the system cannot read the file; damage only makes gaps.
    public init(path: String, id: Digest) throws(DeltaicError) {
        self.path = path
        file = try ReadOnlyFile(path: path)
        switch Self.open(path, id) {
        case .success(let reader):
            var objects: [Int: Object] = [:]
            for (ordinal, object) in reader.objects.enumerated() {
                let chunks = Dictionary(uniqueKeysWithValues: object.chunks.enumerated().map { ($0, $1) })
                objects[ordinal] = Object(description: object.description, chunks: chunks)
            }
            self.objects = objects
            problem = nil
            let manifest = Result { () throws(DeltaicError) in try reader.manifest() }
            self.manifest = try? manifest.get()
        case .failure(let error):
            guard error.code.category != .system else { throw error }
            let scan = try PackScanner(path: path).scan()
            objects = Dictionary(
                scan.parts.map { ($0.ordinal, Object(description: $0.description, chunks: $0.chunks)) },
                uniquingKeysWith: { first, _ in first })
            problem = error
            manifest = scan.manifest
        }
    }

    private static func open(_ path: String, _ id: Digest) -> Result<PackReader, DeltaicError> {
        Result { () throws(DeltaicError) in
            let reader = try PackReader(path: path)
            guard reader.id == id else {
                throw DeltaicError(.malformedPack, "the pack is another one than its name says", at: [path])
            }
            return reader
        }
    }

    /// The streams of a chunk, nil if its stored bytes are damaged, or cannot be read: a disk has bad sectors.
    public func streams(of chunk: ChunkRecord) -> [EncodedStream]? {
        try? Result { () throws(DeltaicError) in try file.streams(of: chunk, pack: path) }.get()
    }
}

extension ReadOnlyFile {
    /// The streams of a chunk, checked against the payload checksum.
    func streams(of chunk: ChunkRecord, pack: String) throws(DeltaicError) -> [EncodedStream] {
        let start = chunk.offset + chunk.headerLength
        let payload = try read(start..<start + chunk.payloadLength)
        let checksum = FastHash.checksum(payload)
        guard checksum == chunk.payloadChecksum else {
            throw DeltaicError(
                .checksumMismatch, "P-13: stored bytes are damaged", at: ["pack \(pack)", "offset \(start)"],
                expected: hexadecimal(chunk.payloadChecksum), found: hexadecimal(checksum))
        }
        return chunk.cut(payload)
    }
}
