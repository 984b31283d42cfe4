public import DeltaicCore

/// Writes safetensors files for tests, in the order in which tensors are added; nothing is checked.
public struct SafetensorsBuilder: Sendable {
    /// One tensor to write.
    private struct Tensor: Sendable {
        let name: String
        let type: String
        let shape: [Int]
        let bytes: [UInt8]
    }

    /// Strings for `__metadata__`, in the order of their keys; nil leaves the key out.
    public var metadata: [String: String]?
    /// Spaces after the JSON.
    public var padding = 0
    /// What stands after each colon and comma of the JSON.
    public var whitespace = ""
    private var tensors: [Tensor] = []

    public init() {}

    /// Adds a tensor behind the ones before it.
    public mutating func add(_ name: String, _ type: ElementType, _ shape: [Int], _ bytes: [UInt8]) {
        add(name, dtype: type.rawValue, shape, bytes)
    }

    /// Adds a tensor with a dtype by name, which need not exist.
    public mutating func add(_ name: String, dtype: String, _ shape: [Int], _ bytes: [UInt8]) {
        tensors.append(Tensor(name: name, type: dtype, shape: shape, bytes: bytes))
    }

    /// The JSON of the header, without padding.
    public func json() -> String {
        var members: [String] = []
        if let metadata {
            let pairs = metadata.sorted { $0.key < $1.key }.map { literal($0.key) + colon + literal($0.value) }
            members.append(literal("__metadata__") + colon + "{" + pairs.joined(separator: comma) + "}")
        }
        var offset = 0
        for tensor in tensors {
            let shape = tensor.shape.map(String.init).joined(separator: comma)
            let end = offset + tensor.bytes.count
            let fields = [
                literal("dtype") + colon + literal(tensor.type),
                literal("shape") + colon + "[" + shape + "]",
                literal("data_offsets") + colon + "[\(offset)" + comma + "\(end)]",
            ]
            members.append(literal(tensor.name) + colon + "{" + fields.joined(separator: comma) + "}")
            offset = end
        }
        return "{" + members.joined(separator: comma) + "}"
    }

    /// The whole file.
    public func bytes() -> [UInt8] {
        let header = json() + String(repeating: " ", count: padding)
        return SafetensorsBuilder.file(json: Array(header.utf8), data: tensors.flatMap(\.bytes))
    }

    /// A file of a header and data that are given.
    public static func file(json: [UInt8], data: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(UInt64(json.count))
        writer.append(json)
        writer.append(data)
        return writer.bytes
    }

    private var colon: String { ":" + whitespace }
    private var comma: String { "," + whitespace }

    private func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                literal += "\\" + String(scalar)
            } else if scalar.value < 0x20 {
                let hex = String(scalar.value, radix: 16)
                literal += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            } else {
                literal += String(scalar)
            }
        }
        return literal + "\""
    }
}
