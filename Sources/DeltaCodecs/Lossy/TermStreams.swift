internal import DeltaicCore

extension EncodedStream {
    /// Bytes as they are: for those that no entropy coder makes smaller.
    static func stored(_ bytes: [UInt8]) -> EncodedStream {
        EncodedStream(encoding: .stored, rawLength: bytes.count, bytes: bytes)
    }
}

extension Array where Element == EncodedStream {
    /// Refuses a term that has another number of streams.
    func require(_ count: Int, _ rule: String) throws(DeltaicError) {
        guard self.count == count else {
            throw .malformed(rule, "wrong number of streams", expected: "\(count)", found: "\(self.count)")
        }
    }
}

extension StreamCoder {
    /// The raw bytes of a stream whose length is known.
    ///
    /// - Throws: `.malformedChunk` naming `rule`, before anything is allocated, or what decoding throws.
    func decode(_ stream: EncodedStream, length: Int, rule: String, what: String) throws(DeltaicError) -> [UInt8] {
        guard stream.rawLength == length else {
            throw .malformed(
                rule, "\(what): wrong length", expected: "\(length) bytes", found: "\(stream.rawLength)")
        }
        return try decode(stream, limit: length)
    }
}

extension ByteWriter {
    /// A binary32 number.
    mutating func float(_ value: Float) { integer(value.bitPattern) }
}

extension ByteReader {
    /// A binary32 number.
    mutating func float(_ field: String) throws(DeltaicError) -> Float { Float(bitPattern: try uint32(field)) }
}

/// What the stored form of a tensor costs beside the numbers of its terms.
enum LossyOverhead {
    /// The bytes of the tables of terms of all chunks.
    static func tableBytes(_ tensor: any DeltaSource, terms: Int = 1) -> Int {
        let count = tensor.chunkCount
        guard count > 0 else { return 0 }
        func bytes(_ chunk: Int) -> Int {
            var writer = ByteWriter()
            writer.varint(tensor.elementRange(ofChunk: chunk).count)
            writer.varint(tensor.columns)
            return writer.bytes.count + 2 + 2 * terms
        }
        return (count - 1) * bytes(0) + bytes(count - 1)
    }
}
