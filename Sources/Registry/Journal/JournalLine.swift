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

    /// Reads a line without its line feed; nil if it is not what was written.
    init?(_ bytes: some Collection<UInt8>) {
        let line = String(decoding: bytes, as: UTF8.self)
        let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let sequence = Int(parts[1]), let at = Int(parts[2]), sequence > 0 else { return nil }
        event = CatalogEvent(sequence: sequence, at: at, json: String(parts[3]))
        guard parts[0] == Self.checksum("\(parts[1]) \(parts[2]) \(parts[3])") else { return nil }
    }

    private static func checksum(_ body: String) -> String {
        let text = String(FastHash.checksum(Array(body.utf8)), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
