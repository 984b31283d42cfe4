internal import DeltaicCore
internal import Kernels

/// The positions of some of a chunk's elements, near their entropy however many they are.
///
/// What is coded are the gaps between the kept elements, or between those that are not where these are fewer.
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 6, "Positions".
enum PositionStream {
    /// - Parameters:
    ///   - positions: ascending.
    ///   - count: the elements of the chunk.
    static func encode(_ positions: [UInt32], count: Int) -> EncodedStream {
        let codesDropped = positions.count > count / 2
        let coded = codesDropped ? complement(positions, count: count) : positions
        let guess = GolombGaps.parameter(density: Double(coded.count) / Double(max(1, count)))
        // Where positions crowd, shorter codes for short gaps are better.
        var best = (parameter: guess, bits: Int.max)
        for parameter in coded.isEmpty ? [1] : [guess, guess / 2, guess * 2] where parameter >= 1 {
            let bits = GolombGaps.bitCount(coded, parameter: parameter)
            if bits < best.bits { best = (parameter, bits) }
        }
        var writer = ByteWriter()
        writer.append([codesDropped ? 1 : 0])
        writer.varint(coded.count)
        writer.varint(best.parameter)
        writer.append(GolombGaps.encode(coded, parameter: best.parameter))
        return .stored(writer.bytes)
    }

    /// The positions of a stream; ascending, each below `count`.
    ///
    /// - Throws: `.malformedChunk` naming C-57, or what decoding throws.
    static func decode(
        _ stream: EncodedStream, count: Int, coder: any StreamCoder
    ) throws(DeltaicError) -> [UInt32] {
        // A code is at most 31 bits of remainder longer than the gap, of which there are not more than elements.
        let bytes = try coder.decode(stream, limit: 16 + 5 * count)
        var reader = ByteReader(bytes, place: "positions")
        let form = try reader.uint8("form")
        guard form <= 1 else { throw .malformed("C-57", "unknown form of positions", found: "\(form)") }
        let coded = try reader.varint("C-57: number of positions", limit: count)
        let parameter = try reader.varint("C-57: parameter", limit: GolombGaps.parameterLimit)
        let codes = try reader.take(reader.remaining, "codes")
        guard parameter >= 1,
            let positions = GolombGaps.decode(codes, count: coded, parameter: parameter, end: count)
        else { throw .malformed("C-57", "the positions do not fit the chunk", expected: "below \(count)") }
        return form == 1 ? complement(positions, count: count) : positions
    }

    /// The bytes that positions of a whole tensor take if they are random.
    ///
    /// - Parameter kept: how many elements of `tensor` are kept.
    static func expectedBytes(_ tensor: any DeltaSource, kept: Double) -> Double {
        let count = Double(tensor.elementCount)
        let density = count > 0 ? min(kept, count - kept) / count : 0
        let parameter = GolombGaps.parameter(density: density)
        let codes = density > 0 ? GolombGaps.expectedBits(density: density, parameter: parameter) * density * count : 0
        return codes / 8 + headBytes * Double(tensor.chunkCount)
    }

    /// Form, number and parameter, and half a byte that the last byte is not full, on the average.
    private static let headBytes = 6.0

    private static func complement(_ positions: [UInt32], count: Int) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: count - positions.count) { others, filled in
            var next: UInt32 = 0
            for position in positions {
                while next < position {
                    others[filled] = next
                    filled += 1
                    next += 1
                }
                next = position + 1
            }
            while Int(next) < count {
                others[filled] = next
                filled += 1
                next += 1
            }
        }
    }
}
