internal import DeltaicCore
internal import Kernels

/// Rows of a tensor that are coded alike.
struct SeededLevel: Sendable {
    /// Nil for rows that no bit is spent on.
    let point: RatePoint?
    /// Runs of 2^rotation elements are transformed before blocks are cut; 0 for none.
    ///
    /// Even, so that the rest of a run is scaled by a power of two.
    let rotation: Int
    /// What each element moves by.
    var amplitude: Float

    /// The blocks that `count` elements are cut into.
    func blockCount(_ count: Int) -> Int {
        guard let point else { return 0 }
        return (count + (1 << point.exponent) - 1) >> point.exponent
    }

    static let noPoint: UInt8 = 255
    static let storedBytes = 4

    func write(to writer: inout ByteWriter) {
        writer.append([
            point.map { UInt8($0.exponent) } ?? Self.noPoint, point.map { UInt8($0.maskBits | rotation << 4) } ?? 0,
        ])
        writer.integer(UInt16(FloatFormat.roundedToBFloat16(amplitude).bitPattern >> 16))
    }

    init(point: RatePoint?, amplitude: Float) {
        self.point = point
        self.amplitude = amplitude
        // Short blocks alone would leave a direction that many weights share nearly as it is, and with it the error.
        rotation = point.map { $0.exponent < Self.longBlock ? Self.usualRotation : 0 } ?? 0
    }

    private static let longBlock = 7
    private static let usualRotation = 8
    static let rotationLimit = 12

    init(from reader: inout ByteReader) throws(DeltaicError) {
        let exponent = try reader.uint8("block exponent")
        let packed = try reader.uint8("mask bits and rotation")
        let maskBits = packed & 15
        rotation = Int(packed >> 4)
        amplitude = Float(bitPattern: UInt32(try reader.uint16("amplitude")) << 16)
        guard exponent != Self.noPoint else {
            point = nil
            return
        }
        guard exponent <= SeededCodebook.exponentLimit, maskBits <= SeededCodebook.maskBitsLimit,
            rotation <= Self.rotationLimit, rotation % 2 == 0
        else {
            throw .malformed(
                "C-121", "a level's blocks or rotations are too long, or have too many masks",
                expected: "at most 2^\(SeededCodebook.exponentLimit) and 2^\(SeededCodebook.maskBitsLimit)",
                found: "2^\(exponent), 2^\(maskBits), rotation 2^\(rotation)")
        }
        point = RatePoint(exponent: Int(exponent), maskBits: Int(maskBits))
    }
}

/// Where the elements of each level of a chunk are: level by level, the runs of elements in order.
struct LevelLayout: Sendable {
    struct Run: Sendable {
        /// Elements of the chunk.
        let elements: Range<Int>
        /// The position in its level of the run's first element.
        let position: Int
    }

    private(set) var runs: [[Run]]
    private(set) var counts: [Int]

    /// - Parameter rowLevels: the level of each of the chunk's rows, below `levelCount`.
    init(context: TermContext, rowLevels: [UInt8], levelCount: Int) {
        runs = Array(repeating: [], count: levelCount)
        counts = Array(repeating: 0, count: levelCount)
        let rows = context.rows
        var row = rows.lowerBound
        while row < rows.upperBound {
            let level = Int(rowLevels[row - rows.lowerBound])
            let start = context.elements(ofRow: row).lowerBound
            // Neighbours of one level make one run.
            var end = row + 1
            while end < rows.upperBound, Int(rowLevels[end - rows.lowerBound]) == level { end += 1 }
            let elements = start..<context.elements(ofRow: end - 1).upperBound
            runs[level].append(Run(elements: elements, position: counts[level]))
            counts[level] += elements.count
            row = end
        }
    }
}
