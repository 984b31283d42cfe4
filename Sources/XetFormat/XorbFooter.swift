internal import DeltaicCore

/// What some clients write after the chunks: hashes and offsets, which are not needed here, and a length of four bytes.
enum XorbFooter {
    /// No chunk begins like this: its first byte is a version, 0.
    private static let ident = Array("XETBLOB".utf8)
    private static let lengthLength = 4

    static func begins(at offset: Int, of file: ReadOnlyFile) throws(DeltaicError) -> Bool {
        guard file.size - offset >= ident.count else { return false }
        return try file.read(offset..<offset + ident.count) == ident
    }

    /// - Throws: `.malformedXorb` if it is not as long as its end says.
    static func check(at offset: Int, of file: ReadOnlyFile) throws(DeltaicError) {
        let expected = file.size - offset - lengthLength
        guard expected >= ident.count else { throw .xorb("the footer is cut off", at: ["offset \(offset)"]) }
        var field = ByteReader(try file.read(file.size - lengthLength..<file.size), place: "footer of a xorb")
        let length = Int(try field.uint32("length"))
        guard length == expected else {
            throw .xorb("the footer has another length", expected: "\(expected) bytes", found: "\(length)")
        }
    }
}
