internal import DeltaicCore
internal import Kernels

/// Stream 0 of an exact chunk.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 2, the table.
struct ExactParameters: Equatable {
    static let version: UInt8 = 1

    /// The leading elements that have a base word.
    var common: Int
    var precision: Int
    var shift: Int
    var classCount: Int
    var segmentLength: Int
    var firstSegmentLength: Int
    var slope: Int64
    var staircaseBits: Int

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.integer(Self.version)
        writer.varint(common)
        writer.integer(UInt8(precision))
        writer.integer(UInt8(shift))
        writer.integer(UInt8(classCount))
        writer.varint(segmentLength)
        writer.varint(firstSegmentLength)
        writer.integer(slope)
        writer.integer(UInt8(staircaseBits))
        return writer.bytes
    }

    init(
        common: Int, layout: WordLayout, shift: Int, segments: SegmentClasses, prediction: BasePrediction
    ) {
        self.common = common
        precision = layout.symbolPrecision
        self.shift = shift
        classCount = segments.classCount
        segmentLength = segments.length
        firstSegmentLength = segments.firstLength
        slope = prediction.slope
        staircaseBits = prediction.staircaseBits
    }

    /// Reads and checks the parameters of a chunk of `shape`.
    init(_ bytes: [UInt8], shape: ChunkShape) throws(DeltaicError) {
        var reader = ByteReader(bytes, place: "exact parameters")
        let version = try reader.uint8("payload version")
        guard version == Self.version else {
            throw DeltaicError(
                .unsupported, "C-10: unknown payload version", expected: "1", found: "\(version)",
                advice: "use a newer deltaic")
        }
        let layout = shape.layout
        common = try reader.varint("C-11: the number of common elements", limit: shape.elementCount)
        guard common >= 1 else { throw .malformed("C-11", "no element has a base word") }
        precision = Int(try reader.uint8("precision"))
        guard precision == layout.symbolPrecision else {
            throw .malformed("C-12", "wrong precision", expected: "\(layout.symbolPrecision)", found: "\(precision)")
        }
        shift = Int(try reader.uint8("shift"))
        guard shift < 8 * layout.width else { throw .malformed("C-13", "shift too large", found: "\(shift)") }
        classCount = Int(try reader.uint8("classes"))
        guard (1...SegmentClasses.classLimit).contains(classCount) else {
            throw .malformed("C-14", "wrong number of classes", found: "\(classCount)")
        }
        segmentLength = try reader.varint("segment length", limit: .max)
        firstSegmentLength = try reader.varint("first segment length", limit: .max)
        let hasSegments = classCount > 1
        guard hasSegments == (segmentLength >= 1), hasSegments == (firstSegmentLength >= 1),
            firstSegmentLength <= segmentLength
        else {
            throw .malformed("C-15", "segments do not fit", found: "\(firstSegmentLength) of \(segmentLength)")
        }
        slope = Int64(bitPattern: try reader.uint64("slope"))
        guard slope.magnitude < BasePrediction.slopeLimit.magnitude, slope == 0 || layout.mantissaBits != nil else {
            throw .malformed("C-19", "slope out of range", found: "\(slope)")
        }
        staircaseBits = Int(try reader.uint8("staircase bits"))
        guard staircaseBits <= min(BasePrediction.staircaseBitsLimit, layout.mantissaBits ?? 0) else {
            throw .malformed("C-16", "staircase too fine", found: "\(staircaseBits)")
        }
        guard reader.remaining == 0 else { throw .malformed("C-18", "bytes follow the parameters") }
    }
}
