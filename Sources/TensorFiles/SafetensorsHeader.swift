public import DeltaicCore

/// The header of a safetensors file: which tensors it holds, and where.
///
/// Every rule of the reference reader holds, and a file that reads here reads there (`scripts/safetensors_verdicts.py`
/// compares them). Stricter than the reference:
/// - no key of any object appears twice, whether the values agree or not (the reference takes both, but for the fields
///   of a tensor), and two Unicode spellings of the same text are the same key;
/// - a tensor is an object, and its dtype a string (the reference also takes a list of the three fields, and
///   `{"U8":null}`);
/// - the JSON starts with `{` at once, as the format's text asks (the reference tolerates whitespace before it);
/// - a tensor's name holds no NUL; a shape has at most ``maximumRank`` dimensions, and the product of those that are
///   not 0 fits 63 bits;
/// - dtypes below a byte (`F4`, `F6_E2M3`, `F6_E3M2`), complex numbers (`C64`) and the FNUZ variants of FP8 are refused.
///
/// Keys of a tensor other than `dtype`, `shape` and `data_offsets` are ignored, as in the reference.
public struct SafetensorsHeader: Sendable {
    /// The longest JSON that is accepted, in bytes; the limit of the format.
    public static let maximumLength = 100_000_000
    /// The most dimensions of a tensor; the limit of NumPy and PyTorch.
    public static let maximumRank = 64

    /// One tensor of a file.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let type: ElementType
        public let shape: TensorShape
        /// The bytes of the tensor, counted from the start of the file.
        public let bytes: Range<Int>
    }

    /// The tensors, by where they start, then by name (UTF-8 byte order).
    public let entries: [Entry]
    /// The strings under `__metadata__`; empty if there is none.
    public let metadata: [String: String]
    /// The first bytes of the file up to the data, kept as they are: the length, the JSON, and its padding.
    public let headerBytes: [UInt8]

    /// Reads and checks the header of a file, and that its tensors cover the rest of the file exactly.
    ///
    /// - Throws: `.malformedSafetensors` or `.unsupportedElementType`, naming the file, the tensor and the offset;
    ///   `.ioFailure` if the file cannot be read.
    public static func read(from file: ReadOnlyFile) throws(DeltaicError) -> SafetensorsHeader {
        do throws(DeltaicError) {
            return try read(size: file.size) { range throws(DeltaicError) in try file.read(range) }
        } catch {
            throw error.places.first == file.path ? error : error.inside(file.path)
        }
    }

    /// Reads and checks the header of a file whose bytes are somewhere.
    ///
    /// - Parameters:
    ///   - size: of the whole file.
    ///   - bytes: gives the bytes of a range.
    /// - Throws: `.malformedSafetensors` or `.unsupportedElementType`, naming the tensor and the offset; what `bytes` throws.
    public static func read(
        size: Int, _ bytes: (Range<Int>) throws(DeltaicError) -> [UInt8]
    ) throws(DeltaicError) -> SafetensorsHeader {
        guard size >= 8 else {
            throw DeltaicError(
                .malformedSafetensors, "the file is too short for a safetensors header", expected: "8 bytes",
                found: "\(size)")
        }
        let length = try checkedLength(try bytes(0..<8), fileSize: size)
        return try parse(try bytes(0..<8 + length), fileSize: size)
    }

    /// Reads and checks a header that is in memory.
    ///
    /// - Parameters:
    ///   - headerBytes: the length, the JSON and its padding, and nothing after them.
    ///   - fileSize: the size of the whole file.
    /// - Throws: `.malformedSafetensors` or `.unsupportedElementType`, naming the tensor and the offset.
    public static func parse(_ headerBytes: [UInt8], fileSize: Int) throws(DeltaicError) -> SafetensorsHeader {
        let length = try checkedLength(headerBytes, fileSize: fileSize)
        guard length == headerBytes.count - 8 else {
            throw DeltaicError(
                .malformedSafetensors, "the header is not as long as it says", at: ["header"],
                expected: "\(length) bytes", found: "\(headerBytes.count - 8)")
        }
        var parser = HeaderParser(headerBytes, dataLength: fileSize - headerBytes.count)
        try parser.parse()
        try DataLayout.check(parser.entries, data: headerBytes.count..<fileSize)
        return SafetensorsHeader(
            entries: parser.entries.sorted(by: inFileOrder), metadata: parser.metadata, headerBytes: headerBytes)
    }

    /// The length of the JSON, from the first 8 bytes of a file.
    private static func checkedLength(_ bytes: [UInt8], fileSize: Int) throws(DeltaicError) -> Int {
        var reader = ByteReader(bytes, place: "header")
        guard let length = try? reader.uint64("header length") else {
            throw DeltaicError(.malformedSafetensors, "the header is cut off", at: ["byte 0"], expected: "8 bytes")
        }
        guard length <= UInt64(maximumLength) else {
            throw DeltaicError(
                .malformedSafetensors, "the header is too long", at: ["byte 0"],
                expected: "at most \(maximumLength) bytes",
                found: "\(length)")
        }
        guard Int(length) <= fileSize - 8 else {
            throw DeltaicError(
                .malformedSafetensors, "the header is longer than the file", at: ["byte 0"],
                expected: "at most \(fileSize - 8) bytes", found: "\(length)")
        }
        return Int(length)
    }

    private static func inFileOrder(_ left: Entry, _ right: Entry) -> Bool {
        if left.bytes.lowerBound != right.bytes.lowerBound { return left.bytes.lowerBound < right.bytes.lowerBound }
        return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}
