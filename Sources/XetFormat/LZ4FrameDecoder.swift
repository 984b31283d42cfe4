internal import CLZ4
internal import DeltaicCore

/// Decodes LZ4 frames whose raw length is known, and which therefore get no more room than that.
///
/// Not shared between threads: each owner feeds its own. liblz4 itself keeps at most one block, of 4 MiB at most.
struct LZ4FrameDecoder: ~Copyable {
    private let context: OpaquePointer

    /// - Throws: `.outOfMemory`.
    init() throws(DeltaicError) {
        var context: OpaquePointer?
        let result = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(result) == 0, let context else {
            throw DeltaicError(.outOfMemory, "liblz4 could not allocate a context")
        }
        self.context = context
    }

    deinit {
        LZ4F_freeDecompressionContext(context)
    }

    /// The bytes of one frame, which has to be all of `stored`.
    ///
    /// - Throws: `.malformedXorb` if the frame is damaged, is cut off, has bytes after it, or has another length.
    func decode(_ stored: [UInt8], rawLength: Int) throws(DeltaicError) -> [UInt8] {
        // A frame that failed before has left the context somewhere.
        LZ4F_resetDecompressionContext(context)
        // One more byte than is due: a longer frame shows itself by using it.
        let capacity = rawLength + 1
        var failure: String?
        let raw = [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
            failure = stored.withUnsafeBytes { source in
                var read = 0
                while true {
                    var produced = capacity - count
                    var consumed = source.count - read
                    let hint = LZ4F_decompress(
                        context, target.baseAddress.map { $0 + count }, &produced,
                        source.baseAddress.map { $0 + read }, &consumed, nil)
                    if LZ4F_isError(hint) != 0 { return String(cString: LZ4F_getErrorName(hint)) }
                    count += produced
                    read += consumed
                    if count > rawLength { return "longer than its \(rawLength) bytes" }
                    if hint == 0 { return read == source.count ? nil : "followed by other bytes" }
                    // No step forward: there is no more input.
                    if produced == 0, consumed == 0 { return "cut off" }
                }
            }
        }
        if let failure { throw .xorb("an LZ4 frame is damaged", found: failure) }
        guard raw.count == rawLength else {
            throw .xorb("an LZ4 frame has another length", expected: "\(rawLength) bytes", found: "\(raw.count)")
        }
        return raw
    }
}
