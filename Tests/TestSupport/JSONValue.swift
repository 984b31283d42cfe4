internal import Foundation

/// Any JSON, to look into by keys and positions.
public enum JSONValue: Sendable, Equatable, Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// - Throws: if the text is not one JSON value and nothing else.
    public init(parsing text: String) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// The value of a key; null if there is none, or this is no object.
    public subscript(_ key: String) -> JSONValue {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    /// An element; null if there is none, or this is no array.
    public subscript(_ position: Int) -> JSONValue {
        array.indices.contains(position) ? array[position] : .null
    }

    /// The elements; none if this is no array.
    public var array: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The keys in order; none if this is no object.
    public var keys: [String] {
        if case .object(let members) = self { members.keys.sorted() } else { [] }
    }

    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A number without a fraction.
    public var integer: Int? {
        if case .number(let value) = self { Int(exactly: value) } else { nil }
    }
}
