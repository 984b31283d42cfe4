internal import DeltaicCore
internal import TensorFiles
internal import TestSupport
internal import Testing

/// A header given as JSON text, before that many bytes of data.
func parse(_ json: String, data: Int = 0) throws(DeltaicError) -> SafetensorsHeader {
    try parse(Array(json.utf8), data: data)
}

/// A header given as bytes of JSON, before that many bytes of data.
func parse(_ json: [UInt8], data: Int = 0) throws(DeltaicError) -> SafetensorsHeader {
    let file = SafetensorsBuilder.file(json: json, data: [])
    return try SafetensorsHeader.parse(file, fileSize: file.count + data)
}

/// The error that `body` throws; a test issue if it throws none or another kind.
func refusal(_ body: () throws -> Void, at location: SourceLocation = #_sourceLocation) -> DeltaicError? {
    do {
        try body()
        Issue.record("nothing was refused", sourceLocation: location)
        return nil
    } catch let error as DeltaicError {
        return error
    } catch {
        Issue.record("not a DeltaicError: \(error)", sourceLocation: location)
        return nil
    }
}

/// A small valid file: two tensors of 4 and 6 bytes.
func smallModel(_ names: [String] = ["a", "b"]) -> [UInt8] {
    var builder = SafetensorsBuilder()
    for (number, name) in names.enumerated() {
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 4 + 2 * (number % 2))
        builder.add(name, .float16, [bytes.count / 2], bytes)
    }
    return builder.bytes()
}
