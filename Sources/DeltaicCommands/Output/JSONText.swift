/// Results as JSON, keys in order and each value on a line of its own.
///
/// The text is byte for byte what Foundation's encoder writes with sorted keys, at a fraction of its cost: a list of all models
/// has a quarter of a million values, and to write them took longer than to find them. Dates, URLs and data have no form of
/// their own here; results have none.
enum JSONText {
    /// - Throws: `EncodingError` for a number that JSON does not have.
    static func bytes(of value: some Encodable) throws -> [UInt8] {
        let node = JSONNode()
        try node.take(value)
        var text: [UInt8] = []
        var shapes: [JSONShape] = []
        node.write(to: &text, depth: 0, &shapes)
        return text
    }
}

/// The keys of an object, in the order in which they are written, for objects with the same keys, of which there are thousands.
private struct JSONShape {
    let keys: [String]
    /// Their texts with what separates them from values, and the positions that they had.
    let order: [(text: [UInt8], place: Int)]

    init(_ keys: [String]) {
        self.keys = keys
        order = keys.indices.sorted { keys[$0].utf8.lexicographicallyPrecedes(keys[$1].utf8) }.map { place in
            var text: [UInt8] = []
            JSONScalar.write(keys[place], to: &text)
            return (text + Array(" : ".utf8), place)
        }
    }
}

extension JSONShape {
    /// Whether these are its keys, byte for byte: texts that are equal as Unicode sees it may have other bytes.
    func fits(_ others: [String]) -> Bool {
        keys.count == others.count && zip(keys, others).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }
}

/// A value of which the text is known, or a container with what was put into it.
final class JSONNode: Encoder {
    private enum Kind {
        case text
        case array
        case object
    }

    private enum Item {
        /// A part of the texts.
        case text(Range<Int>)
        case node(JSONNode)
    }

    private var kind = Kind.text
    private var keys: [String] = []
    private var items: [Item] = []
    /// The texts of simple values, one after the other.
    private var texts: [UInt8] = []

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var count: Int { items.count }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        kind = .object
        return KeyedEncodingContainer(JSONObjectContainer<Key>(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        kind = .array
        return JSONArrayContainer(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { JSONValueContainer(node: self) }

    // MARK: - Taking values

    /// Takes a value as its own.
    func take(_ value: some Encodable) throws { try value.encode(to: self) }

    /// Takes the text of a simple value as its own.
    func take(_ write: (inout [UInt8]) throws -> Void) rethrows { try write(&texts) }

    /// Adds a value whose text is known.
    func add(_ key: String?, _ write: (inout [UInt8]) throws -> Void) rethrows {
        let start = texts.count
        try write(&texts)
        add(key, .text(start..<texts.count))
    }

    /// Adds a value that writes itself.
    func add(_ key: String?, _ value: some Encodable) throws {
        let node = JSONNode()
        try node.take(value)
        guard node.kind == .text, !node.texts.isEmpty else { return add(key, .node(node)) }
        add(key) { $0 += node.texts }
    }

    /// Adds a container that is filled later.
    func addNode(_ key: String?) -> JSONNode {
        let node = JSONNode()
        add(key, .node(node))
        return node
    }

    private func add(_ key: String?, _ item: Item) {
        if let key { keys.append(key) }
        items.append(item)
    }

    // MARK: - Writing

    private static let emptyObject = Array("{\n\n}".utf8)

    /// - Parameter shapes: the last one of each depth.
    fileprivate func write(to text: inout [UInt8], depth: Int, _ shapes: inout [JSONShape]) {
        if shapes.count == depth { shapes.append(JSONShape([])) }
        switch kind {
        // A value that writes nothing is an object without keys.
        case .text: text += texts.isEmpty ? Self.emptyObject : texts
        case .array:
            text.append(UInt8(ascii: "["))
            for place in items.indices { writeItem(place, after: [], isFirst: place == 0, to: &text, depth, &shapes) }
            close("]", &text, depth)
        case .object:
            text.append(UInt8(ascii: "{"))
            if !shapes[depth].fits(keys) { shapes[depth] = JSONShape(keys) }
            var isFirst = true
            for (key, place) in shapes[depth].order {
                writeItem(place, after: key, isFirst: isFirst, to: &text, depth, &shapes)
                isFirst = false
            }
            close("}", &text, depth)
        }
    }

    private func writeItem(
        _ place: Int, after key: [UInt8], isFirst: Bool, to text: inout [UInt8], _ depth: Int,
        _ shapes: inout [JSONShape]
    ) {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        Self.startLine(&text, depth + 1)
        text += key
        switch items[place] {
        case .text(let range): text += texts[range]
        case .node(let node): node.write(to: &text, depth: depth + 1, &shapes)
        }
    }

    private func close(_ mark: Unicode.Scalar, _ text: inout [UInt8], _ depth: Int) {
        // Foundation has an empty line in what is empty.
        if items.isEmpty { text.append(UInt8(ascii: "\n")) }
        Self.startLine(&text, depth)
        text.append(UInt8(ascii: mark))
    }

    private static func startLine(_ text: inout [UInt8], _ depth: Int) {
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }
}
