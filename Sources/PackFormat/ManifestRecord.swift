internal import DeltaicCore

/// The record that holds a version's manifest: its fields, and the JSON that its payload is.
struct ManifestRecord {
    /// SHA-256 of the raw JSON.
    let digest: Digest
    let stream: StreamRecord
    /// XXH3-64 of the payload; nil in packs written before there was one.
    let payloadChecksum: UInt64?

    /// - Throws: `.malformedPack` if the fields are too short or say something impossible.
    init(_ header: RecordHeader) throws(DeltaicError) {
        var fields = ByteReader(header.fields, place: "manifest record")
        digest = try fields.digest("manifest digest")
        stream = try fields.streamRecord(rawLimit: PackLayout.manifestRawLimit)
        let isChecked = header.flags & PackLayout.checkedPayload != 0
        payloadChecksum = isChecked ? try fields.uint64("payload checksum") : nil
        guard stream.storedLength == header.payloadLength else {
            throw .pack(
                "P-16", "the manifest is not as long as its payload", expected: "\(header.payloadLength)",
                found: "\(stream.storedLength)")
        }
    }

    /// Makes sure that every bit of the payload is the one that was written.
    ///
    /// - Throws: `.checksumMismatch`; the payload may decode all the same.
    func check(_ payload: [UInt8]) throws(DeltaicError) {
        if let payloadChecksum, FastHash.checksum(payload) != payloadChecksum {
            throw DeltaicError(.checksumMismatch, "P-31: the payload of the manifest is damaged")
        }
    }

    /// Decodes the payload.
    ///
    /// A damaged one that still decodes to what was written is good enough to read: its SHA-256 says so.
    /// - Throws: `.checksumMismatch` if it decodes to anything else, `.malformedPack` if it does not decode.
    func json(_ payload: [UInt8]) throws(DeltaicError) -> [UInt8] {
        let json = try ZstdStream().decode(
            EncodedStream(encoding: stream.encoding, rawLength: stream.rawLength, bytes: payload),
            limit: PackLayout.manifestRawLimit)
        guard try Digest.sha256(json) == digest else {
            throw DeltaicError(.checksumMismatch, "the manifest does not match its SHA-256")
        }
        return json
    }
}
