/// The numbers of `Schema/pack/pack-format.md`.
enum PackLayout {
    static let magic = Array("DLTAPACK".utf8)
    static let endMagic = Array("DLTAEND1".utf8)
    static let version: UInt16 = 1
    static let headerLength = 32
    static let trailerLength = 96
    static let marker: [UInt8] = [0xD7, 0x4C, 0x54, 0x52]
    static let chunkKind: UInt8 = 1
    static let objectKind: UInt8 = 2
    static let manifestKind: UInt8 = 3
    /// The flag of a manifest record whose fields end with the checksum of its payload.
    static let checkedPayload: UInt8 = 1
    static let recordHeaderLimits = 24...1024
    /// Marker, kind, reserved, header length, payload length.
    static let recordPrefixLength = 12
    static let checksumLength = 8

    static let payloadLimit = 1 << 26
    static let streamLimit = 32
    static let streamRawLimit = 1 << 23
    static let indexRawLimit = 1 << 28
    /// How much longer than the part of the file before it a raw index can be: a pack without records has one too.
    static let indexSlack = 64
    static let manifestRawLimit = 1 << 26
    static let elementLimit = 1 << 56
    /// No object count can exceed what fits an index of the largest length.
    static let objectLimit = indexRawLimit / 34
}
