internal import CZstd
public import DeltaicCore

/// The entropy stage: zstd, or the bytes as they are, whichever is smaller.
///
/// One value per task: contexts are made on first use and kept in a pool, so that a chunk costs no allocation of tables.
public struct ZstdStream: StreamCoder {
    public init() {}

    public func encode(
        _ raw: [UInt8], effort: StreamEffort, boundaries: [Int]
    ) throws(DeltaicError) -> EncodedStream {
        let stored = EncodedStream(encoding: .stored, rawLength: raw.count, bytes: raw)
        guard raw.count > 1, let first = raw.first else { return stored }
        if raw.allSatisfy({ $0 == first }) {
            return EncodedStream(encoding: .constant, rawLength: raw.count, bytes: [first])
        }
        var best = stored
        func offer(_ bytes: [UInt8]) {
            if bytes.count < best.bytes.count {
                best = EncodedStream(encoding: .zstd, rawLength: raw.count, bytes: bytes)
            }
        }
        let context = try ZstdContext.take()
        defer { context.giveBack() }
        // A boundary at the end would end the frame twice.
        let inner = boundaries.filter { 0 < $0 && $0 < raw.count }
        switch effort {
        case .literals: offer(try context.compress(raw, settings: .literals, boundaries: inner))
        case .matches: offer(try context.compress(raw, settings: .matches, boundaries: []))
        case .text: offer(try context.compress(raw, settings: .text, boundaries: []))
        case .smallest:
            offer(try context.compress(raw, settings: .literals, boundaries: inner))
            // Matches are worth their time only where a sample of the stream shows them.
            if try repeats(raw, context: context, literals: best.bytes.count) {
                offer(try context.compress(raw, settings: .matches, boundaries: []))
            }
        }
        return best
    }

    public func decode(_ stream: EncodedStream, limit: Int) throws(DeltaicError) -> [UInt8] {
        guard stream.rawLength <= limit else {
            throw DeltaicError(
                .overBudget, "P-16: a stream declares too many bytes", expected: "at most \(limit)",
                found: "\(stream.rawLength)")
        }
        switch stream.encoding {
        case .stored:
            guard stream.bytes.count == stream.rawLength else {
                throw DeltaicError(
                    .malformedPack, "P-16: a stored stream has the wrong length", expected: "\(stream.rawLength)",
                    found: "\(stream.bytes.count)")
            }
            return stream.bytes
        case .constant:
            guard stream.bytes.count == 1 else {
                throw DeltaicError(
                    .malformedPack, "P-16: a constant stream has the wrong length", expected: "1",
                    found: "\(stream.bytes.count)")
            }
            return [UInt8](repeating: stream.bytes[0], count: stream.rawLength)
        case .zstd:
            let context = try ZstdContext.take()
            defer { context.giveBack() }
            return try context.decompress(stream.bytes, rawLength: stream.rawLength)
        }
    }

    /// Whether matches take at least a hundredth more out of a sample than literals took out of the whole.
    private func repeats(_ raw: [UInt8], context: ZstdContext, literals: Int) throws(DeltaicError) -> Bool {
        let sampleLength = 65_536
        guard raw.count > 2 * sampleLength else { return true }
        let start = (raw.count - sampleLength) / 2
        let sample = Array(raw[start..<start + sampleLength])
        let compressed = try context.compress(sample, settings: .matches, boundaries: [])
        return Double(compressed.count) / Double(sampleLength) < 0.99 * Double(literals) / Double(raw.count)
    }
}
