internal import DeltaicCore
internal import TensorFiles

/// Reads the header of a safetensors file: the bytes of data (2 bytes), and the JSON.
enum SafetensorsFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let dataLength = input.short()
        let json = Array(input.rest)
        var writer = ByteWriter()
        writer.integer(UInt64(json.count))
        writer.append(json)
        let head = writer.bytes
        let size = head.count + dataLength
        guard let header = try FuzzParser.accepted({ try SafetensorsHeader.parse(head, fileSize: size) }) else {
            return
        }
        var end = head.count
        for entry in header.entries {
            try FuzzParser.require(entry.bytes.lowerBound == end, "there is a hole or an overlap")
            try FuzzParser.require(
                entry.bytes.count == entry.shape.elementCount * entry.type.width, "a tensor has another size")
            end = entry.bytes.upperBound
        }
        try FuzzParser.require(end == size, "the tensors do not cover the file")
        try FuzzParser.require(Set(header.entries.map(\.name)).count == header.entries.count, "a name appears twice")
        let text = try SafetensorsHeaderText.header(of: header.entries.map { ($0.name, $0.type, $0.shape) })
        let again = try FuzzParser.accepted {
            try SafetensorsHeader.parse(text, fileSize: text.count + dataLength)
        }
        try FuzzParser.require(
            again?.entries.map(\.name) == header.entries.map(\.name), "a header is not read as it is written")
    }
}
