/// How often each code of a byte occurs.
public enum CodeCounts {
    /// Adds the counts of codes to `counts`, which has 256 entries.
    public static func add(_ codes: [UInt8], to counts: inout [Int]) {
        precondition(counts.count == 256)
        // Four tables: the same code twice in a row does not wait for itself.
        var parts = [UInt32](repeating: 0, count: 4 * 256)
        parts.withUnsafeMutableBufferPointer { parts in
            codes.withUnsafeBufferPointer { codes in
                var index = 0
                while index + 4 <= codes.count {
                    parts[Int(codes[index])] &+= 1
                    parts[256 + Int(codes[index + 1])] &+= 1
                    parts[512 + Int(codes[index + 2])] &+= 1
                    parts[768 + Int(codes[index + 3])] &+= 1
                    index += 4
                }
                while index < codes.count {
                    parts[Int(codes[index])] &+= 1
                    index += 1
                }
            }
        }
        for code in 0..<256 {
            counts[code] += Int(parts[code]) + Int(parts[256 + code]) + Int(parts[512 + code])
            counts[code] += Int(parts[768 + code])
        }
    }
}
