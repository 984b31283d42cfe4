public import DeltaicCore

extension GitObject {
    /// The object as Git keeps it in a file of its own: a zlib stream of "kind size NUL body".
    /// - Throws: `.outOfMemory`.
    public func deflated() throws(DeltaicError) -> [UInt8] {
        try ZlibStream.deflate(header + body)
    }
}
