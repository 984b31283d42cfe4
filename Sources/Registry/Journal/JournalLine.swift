internal import Catalog
internal import DeltaicCore

/// A line of the journal: a checksum in 16 hexadecimal digits, the number of the event, its time, and the event.
struct JournalLine: Sendable, Equatable {
    let event: CatalogEvent

    init(_ event: CatalogEvent) {
        self.event = event
    }

    /// The line with its line feed; JSON has no other.
    var bytes: [UInt8] {
        let body = "\(event.sequence) \(event.at) \(event.json)"
        return Array("\(Self.checksum(body)) \(body)\n".utf8)
    }

    private static func checksum(_ body: String) -> String {
        let text = String(FastHash.checksum(Array(body.utf8)), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// What stands before the event of a line that is what was written.
    ///
    /// Whoever writes on reads thousands of lines and wants to know no more of them, so that nothing is allocated here.
    struct Head: Sendable, Equatable {
        let sequence: Int
        let at: Int
        /// Where the event begins.
        let json: Int

        /// - Parameter line: without its line feed.
        init?(_ line: ArraySlice<UInt8>) {
            let digits = 16
            guard line.count > digits, line[line.startIndex + digits] == UInt8(ascii: " ") else { return nil }
            let body = line.startIndex + digits + 1
            guard let sequence = Self.number(line, from: body), let at = Self.number(line, from: sequence.end),
                sequence.value > 0,
                Self.checksum(line.prefix(digits)) == line[body...].withUnsafeBytes({ FastHash.checksum($0) })
            else { return nil }
            (self.sequence, self.at, json) = (sequence.value, at.value, at.end)
        }

        /// The event of the line that this was read from.
        func event(of line: ArraySlice<UInt8>) -> CatalogEvent {
            CatalogEvent(sequence: sequence, at: at, json: String(decoding: line[json...], as: UTF8.self))
        }

        /// A decimal number with a space after it.
        private static func number(_ line: ArraySlice<UInt8>, from start: Int) -> (value: Int, end: Int)? {
            var (value, end) = (0, start)
            while end < line.endIndex, case let digit = line[end] &- UInt8(ascii: "0"), digit < 10 {
                let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, isOver) = product.addingReportingOverflow(Int(digit))
                guard !isTooLarge, !isOver else { return nil }
                (value, end) = (sum, end + 1)
            }
            guard end > start, end < line.endIndex, line[end] == UInt8(ascii: " ") else { return nil }
            return (value, end + 1)
        }

        /// Sixteen digits, in lower case as they are written; nil for anything else.
        private static func checksum(_ digits: ArraySlice<UInt8>) -> UInt64? {
            var value: UInt64 = 0
            for byte in digits {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
                case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
                default: return nil
                }
            }
            return value
        }
    }
}
