/// What values are put into by their keys.
struct JSONObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { node.add(key.stringValue) { JSONScalar.writeNull(to: &$0) } }
    func encode(_ value: Bool, forKey key: Key) { node.add(key.stringValue) { JSONScalar.write(value, to: &$0) } }
    func encode(_ value: Int, forKey key: Key) { node.add(key.stringValue) { JSONScalar.write(value, to: &$0) } }
    func encode(_ value: Double, forKey key: Key) throws {
        try node.add(key.stringValue) { try JSONScalar.write(value, to: &$0) }
    }
    func encode(_ value: String, forKey key: Key) { node.add(key.stringValue) { JSONScalar.write(value, to: &$0) } }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try node.add(key.stringValue, value) }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> { node.addNode(key.stringValue).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        node.addNode(key.stringValue).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { node.addNode("super") }
    func superEncoder(forKey key: Key) -> any Encoder { node.addNode(key.stringValue) }
}

/// What values are put into one after the other.
struct JSONArrayContainer: UnkeyedEncodingContainer {
    let node: JSONNode
    var codingPath: [any CodingKey] { [] }
    var count: Int { node.count }

    func encodeNil() { node.add(nil) { JSONScalar.writeNull(to: &$0) } }
    func encode(_ value: Bool) { node.add(nil) { JSONScalar.write(value, to: &$0) } }
    func encode(_ value: Int) { node.add(nil) { JSONScalar.write(value, to: &$0) } }
    func encode(_ value: Double) throws { try node.add(nil) { try JSONScalar.write(value, to: &$0) } }
    func encode(_ value: String) { node.add(nil) { JSONScalar.write(value, to: &$0) } }
    func encode<Value: Encodable>(_ value: Value) throws { try node.add(nil, value) }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        node.addNode(nil).container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.addNode(nil).unkeyedContainer() }
    func superEncoder() -> any Encoder { node.addNode(nil) }
}

/// What is itself a value.
struct JSONValueContainer: SingleValueEncodingContainer {
    let node: JSONNode
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { node.take { JSONScalar.writeNull(to: &$0) } }
    func encode(_ value: Bool) { node.take { JSONScalar.write(value, to: &$0) } }
    func encode(_ value: Int) { node.take { JSONScalar.write(value, to: &$0) } }
    func encode(_ value: Double) throws { try node.take { try JSONScalar.write(value, to: &$0) } }
    func encode(_ value: String) { node.take { JSONScalar.write(value, to: &$0) } }
    func encode<Value: Encodable>(_ value: Value) throws {
        switch value {
        // The other numbers come here from their own `encode(to:)`, and would come again.
        case let value as any BinaryInteger: node.take { $0 += "\(value)".utf8 }
        case let value as Float: try node.take { try JSONScalar.write(value, to: &$0) }
        default: try node.take(value)
        }
    }
}

/// The texts of simple values.
enum JSONScalar {
    static func writeNull(to text: inout [UInt8]) { text += "null".utf8 }

    static func write(_ value: Bool, to text: inout [UInt8]) { text += (value ? "true" : "false").utf8 }

    static func write(_ value: Int, to text: inout [UInt8]) {
        guard value >= 0 else {
            text += "\(value)".utf8
            return
        }
        let start = text.count
        var rest = value
        repeat {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        text[start...].reverse()
    }

    /// - Throws: `EncodingError` for what is no number.
    static func write<Number: BinaryFloatingPoint & LosslessStringConvertible & Encodable>(
        _ value: Number, to text: inout [UInt8]
    ) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: [], debugDescription: "JSON has no number \(value)"))
        }
        let digits = value.description
        text += (digits.hasSuffix(".0") ? digits.dropLast(2) : digits[...]).utf8
    }

    static func write(_ value: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            text += value.utf8
        } else {
            for byte in value.utf8 { writeEscaped(byte, to: &text) }
        }
        text.append(UInt8(ascii: "\""))
    }

    private static func writeEscaped(_ byte: UInt8, to text: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): text += "\\\"".utf8
        case UInt8(ascii: "\\"): text += "\\\\".utf8
        case 0x08: text += "\\b".utf8
        case 0x0c: text += "\\f".utf8
        case UInt8(ascii: "\n"): text += "\\n".utf8
        case UInt8(ascii: "\r"): text += "\\r".utf8
        case UInt8(ascii: "\t"): text += "\\t".utf8
        case 0..<0x20:
            let digits = String(byte, radix: 16)
            text += ("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8
        default: text.append(byte)
        }
    }
}
