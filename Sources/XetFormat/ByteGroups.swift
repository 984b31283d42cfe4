/// Bytes that were grouped by their position modulo four, as elements of four bytes compress better.
enum ByteGroups {
    private static let count = 4

    /// The bytes in their own order: the first group is the longest, and no group is more than one longer than another.
    static func joined(_ grouped: [UInt8]) -> [UInt8] {
        let whole = grouped.count / count
        let rest = grouped.count % count
        return [UInt8](unsafeUninitializedCapacity: grouped.count) { target, filled in
            grouped.withUnsafeBufferPointer { source in
                var start = 0
                for group in 0..<count {
                    let length = whole + (group < rest ? 1 : 0)
                    for position in 0..<length {
                        target[count * position + group] = source[start + position]
                    }
                    start += length
                }
            }
            filled = grouped.count
        }
    }
}
