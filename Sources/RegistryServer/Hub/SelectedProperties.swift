internal import Foundation

/// Some properties of a value as JSON; null for those that it does not have.
struct SelectedProperties: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    private let properties: [String: AnyJSON]
    private let names: [String]

    init(_ value: some Encodable, names: [String]) throws {
        properties = try JSONDecoder().decode([String: AnyJSON].self, from: JSONEncoder().encode(value))
        self.names = names
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for name in names { try container.encode(properties[name] ?? AnyJSON.null, forKey: Key(name)) }
    }
}
