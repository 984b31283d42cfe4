internal import DeltaicCore
internal import Foundation
internal import GRDB

extension FixedBytes {
    /// The value as it is bound to a statement.
    var blob: Data { Data(bytes) }
}

extension BlockKey {
    /// The value as it is bound to a statement: 16 bytes, big-endian, high half first.
    var blob: Data {
        withUnsafeBytes(of: high.bigEndian) { Data($0) } + withUnsafeBytes(of: low.bigEndian) { Data($0) }
    }
}

// Columns are read by position, in the order in which the statement beside the call lists them.
extension Row {
    /// The largest number that a catalog holds: 1 PiB, so that sums of sizes cannot overflow.
    static let numberLimit = 1 << 50

    /// A number that is not negative, and at most ``numberLimit``.
    func int(_ index: Int) throws -> Int {
        let value = try decode(Int.self, atIndex: index)
        guard (0...Self.numberLimit).contains(value) else {
            throw DeltaicError.damagedRow("a row has the number \(value), which is out of bounds")
        }
        return value
    }

    func text(_ index: Int) throws -> String { try decode(String.self, atIndex: index) }
    func flag(_ index: Int) throws -> Bool { try decode(Int.self, atIndex: index) != 0 }

    func fixed<Value: FixedBytes>(_ index: Int, _ type: Value.Type = Value.self) throws -> Value {
        let bytes = try withUnsafeData(atIndex: index) { $0.map { [UInt8]($0) } ?? [] }
        guard let value = Value(bytes: bytes) else {
            throw DeltaicError.damagedRow("a row has \(bytes.count) bytes where \(Value.byteCount) are a \(Value.self)")
        }
        return value
    }

    func ifPresent<Value>(_ index: Int, _ read: (Int) throws -> Value) throws -> Value? {
        hasNull(atIndex: index) ? nil : try read(index)
    }

    func modelName(_ index: Int) throws -> ModelName {
        let text = try text(index)
        guard let name = try? ModelName(text) else { throw DeltaicError.damagedRow("\"\(text)\" is no model name") }
        return name
    }
}
