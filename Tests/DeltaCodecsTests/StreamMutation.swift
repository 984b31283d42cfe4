internal import DeltaicCore
internal import PackFormat
internal import TestSupport

/// What damage and wrong encoders make of the streams of a chunk.
enum StreamMutation {
    /// Changes one stream, or the list of streams.
    static func mutate(
        _ streams: [EncodedStream], using generator: inout SeededGenerator
    ) throws -> [EncodedStream] {
        var streams = streams
        let position = Int.random(in: 0..<streams.count, using: &generator)
        let stream = streams[position]
        var bytes = stream.bytes
        var rawLength = stream.rawLength
        var encoding = stream.encoding
        switch Int.random(in: 0..<8, using: &generator) {
        case 0, 1:
            // Damage behind the entropy stage: what a wrong encoder could write.
            bytes = try ZstdStream().decode(stream, limit: 1 << 23)
            encoding = .stored
            for _ in 0...Int.random(in: 0..<3, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<min(bytes.count, 64), using: &generator)
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) {
                bytes = Array(bytes.dropLast(Int.random(in: 0..<3, using: &generator)))
            }
            if Bool.random(using: &generator) { bytes.append(UInt8.random(in: 0...255, using: &generator)) }
            rawLength = bytes.count
        case 2:
            guard !bytes.isEmpty else { break }
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 3: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
        case 4: rawLength = max(0, rawLength + Int.random(in: -3...3, using: &generator))
        case 5: rawLength = Int.random(in: 0...Int.max, using: &generator)
        case 6: encoding = EncodedStream.Encoding(rawValue: UInt8.random(in: 0...2, using: &generator)) ?? .stored
        default:
            if Bool.random(using: &generator) { streams.remove(at: position) } else { streams.append(stream) }
            return streams
        }
        streams[position] = EncodedStream(encoding: encoding, rawLength: rawLength, bytes: bytes)
        return streams
    }
}
