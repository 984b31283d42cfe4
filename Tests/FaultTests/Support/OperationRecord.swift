import TestSupport

/// One operation of a program that ran with the library of fail points, as its log has it.
struct OperationRecord: Sendable {
    /// The numbers are those of the library's `OperationKind`.
    enum Kind: Int, Sendable {
        case write = 1
        case fileSync = 2
        case dataSync = 3
        case truncate = 4
        case create = 5
        case open = 6
        case rename = 7
        case link = 8
        case unlink = 9
        case makeFolder = 10
        case removeFolder = 11

        static let writes: Set<Kind> = [.write]
        static let syncs: Set<Kind> = [.fileSync, .dataSync]
        static let names: Set<Kind> = [.create, .rename, .link, .makeFolder]
        static let opens: Set<Kind> = [.create, .open]
        /// All that change something or make a change durable.
        static let durableSteps: Set<Kind> = [
            .write, .fileSync, .dataSync, .truncate, .create, .rename, .link, .unlink, .makeFolder, .removeFolder,
        ]
    }

    /// Counted from 1, among the kinds that were asked for.
    let number: Int
    let kind: Kind
    /// Below the folder of the case.
    let path: String
    /// The second path of a rename or link.
    let other: String
    let offset: Int
    let bytes: [UInt8]
    /// Whether the operation was made to fail.
    let failed: Bool

    /// Reads a log.
    static func read(_ log: [UInt8]) throws -> [OperationRecord] {
        var cursor = ByteCursor(log)
        var records: [OperationRecord] = []
        while !cursor.rest.isEmpty {
            let numbers = (0..<8).map { _ in Int(Int64(bitPattern: cursor.number(8))) }
            let path = cursor.take(numbers[4])
            let other = cursor.take(numbers[5])
            let bytes = cursor.take(numbers[6])
            guard let kind = Kind(rawValue: numbers[1]) else { throw MalformedLog() }
            records.append(
                OperationRecord(
                    number: numbers[0], kind: kind, path: String(decoding: path, as: UTF8.self),
                    other: String(decoding: other, as: UTF8.self), offset: numbers[2], bytes: bytes,
                    failed: numbers[3] < 0))
        }
        return records
    }

    struct MalformedLog: Error {}
}

extension Set<OperationRecord.Kind> {
    /// As the library takes them.
    var bits: Int { reduce(0) { $0 | 1 << $1.rawValue } }
}
