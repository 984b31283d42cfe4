internal import CZlib
internal import DeltaicCore

/// zlib streams, as Git keeps its objects.
enum ZlibStream {
    /// Compresses bytes into one stream.
    ///
    /// Small texts are what Git gets: the level is the default one, and the same bytes always give the same stream of
    /// one library.
    /// - Throws: `.outOfMemory`.
    static func deflate(_ raw: [UInt8]) throws(DeltaicError) -> [UInt8] {
        var count = compressBound(uLong(raw.count))
        var failure = Z_OK
        let stream = [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initializedCount in
            failure = compress2(buffer.baseAddress, &count, raw, uLong(raw.count), Z_DEFAULT_COMPRESSION)
            initializedCount = failure == Z_OK ? Int(count) : 0
        }
        switch failure {
        case Z_OK: return stream
        case Z_MEM_ERROR: throw DeltaicError(.outOfMemory, "zlib ran out of memory")
        default: throw DeltaicError(.unsupported, "zlib cannot compress \(raw.count) bytes", found: "code \(failure)")
        }
    }
}
