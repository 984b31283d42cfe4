/// Counts of byte values.
public enum ByteHistogram {
    /// How many times each byte value occurs: 256 counts.
    public static func count(_ bytes: ArraySlice<UInt8>) -> [Int] {
        // Four tables, so that runs of one value do not wait for their own count.
        var tables = [UInt32](repeating: 0, count: 1024)
        bytes.withUnsafeBufferPointer { source in
            tables.withUnsafeMutableBufferPointer { tables in
                var index = 0
                while index + 4 <= source.count {
                    tables[Int(source[index])] &+= 1
                    tables[256 + Int(source[index + 1])] &+= 1
                    tables[512 + Int(source[index + 2])] &+= 1
                    tables[768 + Int(source[index + 3])] &+= 1
                    index += 4
                }
                while index < source.count {
                    tables[Int(source[index])] &+= 1
                    index += 1
                }
            }
        }
        return (0..<256).map { value in
            let pair = Int(tables[value]) + Int(tables[256 + value])
            return pair + Int(tables[512 + value]) + Int(tables[768 + value])
        }
    }
}
