public import DeltaicCore
internal import Foundation

/// Writes headers for new safetensors files.
public enum SafetensorsHeaderText {
    /// The first bytes of a file with these tensors one after the other: length, JSON, spaces up to a multiple of eight.
    public static func header(of tensors: [(name: String, type: ElementType, shape: TensorShape)]) throws -> [UInt8] {
        var entries: [String] = []
        var start = 0
        for tensor in tensors {
            let end = start + tensor.shape.elementCount * tensor.type.width
            let name = String(decoding: try JSONEncoder().encode(tensor.name), as: UTF8.self)
            let shape = tensor.shape.dimensions.map(String.init).joined(separator: ",")
            entries.append(
                "\(name):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}"
            )
            start = end
        }
        var json = Array("{\(entries.joined(separator: ","))}".utf8)
        json += [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8)
        var writer = ByteWriter()
        writer.integer(UInt64(json.count))
        writer.append(json)
        return writer.bytes
    }
}
