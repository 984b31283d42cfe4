/// Which of a few classes each run of elements belongs to: quiet rows and loud rows.
public struct SegmentClasses: Sendable, Equatable {
    /// The largest number of classes.
    public static let classLimit = 4

    public let classCount: Int
    /// The number of elements of a segment; 0 if there is one class.
    public let length: Int
    /// The number of elements of the first segment, so that segments can follow rows that began before the block.
    public let firstLength: Int
    /// The class of each segment; empty if there is one class.
    public let classes: [UInt8]

    public init(classCount: Int, length: Int, firstLength: Int, classes: [UInt8]) {
        self.classCount = classCount
        self.length = length
        self.firstLength = firstLength
        self.classes = classes
    }

    /// One class for everything.
    public static let single = SegmentClasses(classCount: 1, length: 0, firstLength: 0, classes: [])

    /// The number of segments that `count` elements have.
    public static func segmentCount(of count: Int, length: Int, firstLength: Int) -> Int {
        guard length > 0, count > 0 else { return 0 }
        // Written so that no sum of lengths from outside can overflow.
        let rest = max(0, count - firstLength)
        return 1 + rest / length + (rest.isMultiple(of: length) ? 0 : 1)
    }

    /// Calls `body` with the elements and the class of each segment.
    func forEachSegment(of count: Int, _ body: (Range<Int>, UInt8) -> Void) {
        guard classCount > 1 else { return body(0..<count, 0) }
        var start = 0
        for (position, kind) in classes.enumerated() where start < count {
            let end = start + min(count - start, position == 0 ? firstLength : length)
            body(start..<end, kind)
            start = end
        }
    }
}
