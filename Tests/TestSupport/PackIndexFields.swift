internal import DeltaicCore

/// The fields of a pack's index (`Schema/pack/pack-format.md`, section 7), to be changed by tests.
public struct PackIndexFields: Sendable, Equatable {
    public struct Stream: Sendable, Equatable {
        public var encoding: UInt8
        public var storedLength: Int
        public var rawLength: Int
    }

    public struct Chunk: Sendable, Equatable {
        public var distance: Int
        public var headerLength: Int
        public var codec: UInt8
        public var payloadChecksum: UInt64
        public var rawChecksum: UInt64
        public var streams: [Stream]

        public var payloadLength: Int { streams.reduce(0) { $0 + $1.storedLength } }

        /// The fields that a chunk record has as well.
        public var sharedBytes: [UInt8] {
            var writer = ByteWriter()
            writer.integer(codec)
            writer.integer(payloadChecksum)
            writer.integer(rawChecksum)
            writer.integer(UInt8(streams.count))
            for stream in streams {
                writer.integer(stream.encoding)
                writer.varint(stream.storedLength)
                writer.varint(stream.rawLength)
            }
            return writer.bytes
        }
    }

    public struct Object: Sendable, Equatable {
        public var digest: [UInt8]
        public var kind: UInt8
        public var dtype: UInt8
        public var elements: Int
        public var baseFlag: UInt8
        public var base: [UInt8]
        public var chunkCount: Int
        public var chunks: [Chunk]

        public init(
            digest: [UInt8], kind: UInt8, dtype: UInt8, elements: Int, baseFlag: UInt8, base: [UInt8], chunkCount: Int,
            chunks: [Chunk]
        ) {
            self.digest = digest
            self.kind = kind
            self.dtype = dtype
            self.elements = elements
            self.baseFlag = baseFlag
            self.base = base
            self.chunkCount = chunkCount
            self.chunks = chunks
        }

        /// The fields that an object record has as well.
        public var sharedBytes: [UInt8] {
            var writer = ByteWriter()
            writer.append(digest)
            writer.append([kind, dtype])
            writer.varint(elements)
            writer.integer(baseFlag)
            writer.append(base)
            writer.varint(chunkCount)
            return writer.bytes
        }
    }

    public var manifestOffset: Int
    public var manifestDigest: [UInt8]
    public var objects: [Object]
    /// What follows the last object: nothing in a good index.
    public var rest: [UInt8]

    /// Reads a raw index that is known to be good.
    public init(_ raw: [UInt8]) {
        var cursor = ByteCursor(raw)
        let count = cursor.varint()
        manifestOffset = cursor.varint()
        manifestDigest = cursor.take(32)
        objects = []
        for _ in 0..<count {
            let digest = cursor.take(32)
            let kind = cursor.byte()
            let dtype = cursor.byte()
            let elements = cursor.varint()
            let baseFlag = cursor.byte()
            let base = cursor.take(baseFlag == 1 ? 32 : 0)
            let chunkCount = cursor.varint()
            var chunks: [Chunk] = []
            for _ in 0..<chunkCount {
                let distance = cursor.varint()
                let headerLength = cursor.varint()
                let codec = cursor.byte()
                let payloadChecksum = cursor.number(8)
                let rawChecksum = cursor.number(8)
                let streams = (0..<cursor.byte()).map { _ in
                    Stream(encoding: cursor.byte(), storedLength: cursor.varint(), rawLength: cursor.varint())
                }
                chunks.append(
                    Chunk(
                        distance: distance, headerLength: headerLength, codec: codec, payloadChecksum: payloadChecksum,
                        rawChecksum: rawChecksum, streams: streams))
            }
            objects.append(
                Object(
                    digest: digest, kind: kind, dtype: dtype, elements: elements, baseFlag: baseFlag, base: base,
                    chunkCount: chunkCount, chunks: chunks))
        }
        rest = Array(cursor.rest)
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.varint(objects.count)
        writer.varint(manifestOffset)
        writer.append(manifestDigest)
        for object in objects {
            writer.append(object.sharedBytes)
            for chunk in object.chunks {
                writer.varint(chunk.distance)
                writer.varint(chunk.headerLength)
                writer.append(chunk.sharedBytes)
            }
        }
        writer.append(rest)
        return writer.bytes
    }
}
