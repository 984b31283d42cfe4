internal import DeltaicCore

/// Turns the JSON of a safetensors header into entries; what each entry says of itself is checked here, how they lie
/// beside each other in ``DataLayout``.
struct HeaderParser {
    private(set) var entries: [SafetensorsHeader.Entry] = []
    private(set) var metadata: [String: String] = [:]
    private var json: HeaderJSON
    private let startsWithBrace: Bool
    private let dataStart: Int
    private let dataLength: Int

    /// - Parameters:
    ///   - headerBytes: the 8 bytes of length, then the JSON.
    ///   - dataLength: the bytes that follow the header in the file.
    init(_ headerBytes: [UInt8], dataLength: Int) {
        json = HeaderJSON(headerBytes, from: 8, code: .malformedSafetensors)
        startsWithBrace = headerBytes.count > 8 && headerBytes[8] == UInt8(ascii: "{")
        dataStart = headerBytes.count
        self.dataLength = dataLength
    }

    mutating func parse() throws(DeltaicError) {
        guard startsWithBrace else {
            throw json.failure("the header does not start with '{'", found: json.next)
        }
        var header = try json.openObject("the header")
        while let name = try json.nextKey(of: &header) {
            if name == "__metadata__" {
                try parseMetadata()
            } else {
                do throws(DeltaicError) {
                    try parseTensor(name)
                } catch {
                    throw error.inside("tensor \(quoted(name))")
                }
            }
        }
        try json.end()
    }

    private mutating func parseMetadata() throws(DeltaicError) {
        do throws(DeltaicError) {
            if json.takeNull() { return }
            var object = try json.openObject("__metadata__")
            while let key = try json.nextKey(of: &object) {
                metadata[key] = try json.string("a value of the metadata")
            }
        } catch {
            throw error.inside("__metadata__")
        }
    }

    private mutating func parseTensor(_ name: String) throws(DeltaicError) {
        let start = json.offset
        guard !name.utf8.contains(0) else { throw json.failure("the tensor's name contains NUL") }
        var type: ElementType?
        var shape: TensorShape?
        var offsets: Range<Int>?
        var object = try json.openObject("the tensor")
        while let key = try json.nextKey(of: &object) {
            switch key {
            case "dtype": type = try parseType()
            case "shape": shape = try parseShape()
            case "data_offsets": offsets = try parseOffsets()
            default: try json.skip()
            }
        }
        guard let type else { throw json.failure("dtype is missing", at: start) }
        guard let shape else { throw json.failure("shape is missing", at: start) }
        guard let offsets else { throw json.failure("data_offsets is missing", at: start) }
        let (size, overflow) = shape.elementCount.multipliedReportingOverflow(by: type.width)
        guard !overflow else {
            throw json.failure("the size of the tensor overflows", at: start, found: "\(shape) of \(type.rawValue)")
        }
        guard offsets.count == size else {
            throw json.failure(
                "data_offsets do not match the shape", at: start,
                expected: "\(size) bytes for \(shape) of \(type.rawValue)", found: "\(offsets.count)")
        }
        entries.append(
            .init(
                name: name, type: type, shape: shape,
                bytes: dataStart + offsets.lowerBound..<dataStart + offsets.upperBound))
    }

    private mutating func parseType() throws(DeltaicError) -> ElementType {
        let start = json.offset
        let word = try json.string("dtype")
        guard let type = ElementType(rawValue: word) else {
            throw DeltaicError(
                .unsupportedElementType, "the dtype \(quoted(word)) is not supported", at: ["byte \(start)"],
                advice: "supported are " + ElementType.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return type
    }

    private mutating func parseShape() throws(DeltaicError) -> TensorShape {
        let start = json.offset
        let dimensions = try parseCounts("shape", limit: SafetensorsHeader.maximumRank)
        // A dimension of 0 hides an overflow from the number of elements, but not from the length of a row.
        guard let shape = TensorShape(dimensions), TensorShape(dimensions.filter { $0 > 0 }) != nil else {
            throw json.failure("the number of elements overflows", at: start, found: "shape \(dimensions)")
        }
        return shape
    }

    private mutating func parseOffsets() throws(DeltaicError) -> Range<Int> {
        let start = json.offset
        let offsets = try parseCounts("data_offsets", limit: 2)
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw json.failure("data_offsets is not a start and an end", at: start, found: "\(offsets)")
        }
        guard offsets[1] <= dataLength else {
            throw json.failure(
                "the tensor ends after the file", at: start, expected: "at most \(dataLength) bytes of data",
                found: "\(offsets)")
        }
        return offsets[0]..<offsets[1]
    }

    private mutating func parseCounts(_ field: String, limit: Int) throws(DeltaicError) -> [Int] {
        let start = json.offset
        var counts: [Int] = []
        try json.openArray(field)
        while try json.nextElement(isFirst: counts.isEmpty) {
            guard counts.count < limit else {
                throw json.failure("\(field) has too many numbers", at: start, expected: "at most \(limit)")
            }
            counts.append(try json.count(field))
        }
        return counts
    }
}
