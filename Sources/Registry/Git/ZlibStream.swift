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

    /// Decompresses a gzip stream, as Git sends longer requests.
    ///
    /// - Throws: `.badGitRequest` if it is damaged, cut short, or longer than `limit` bytes.
    static func inflateGzip(_ stream: [UInt8], limit: Int) throws(DeltaicError) -> [UInt8] {
        var state = z_stream()
        // 16 more than the largest window: a gzip header, and no other.
        guard inflateInit2_(&state, 16 + MAX_WBITS, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw DeltaicError(.outOfMemory, "zlib ran out of memory")
        }
        defer { inflateEnd(&state) }
        var input = stream
        var code = Z_OK
        // One byte of room over the limit tells what is too long from what just fits.
        let raw = input.withUnsafeMutableBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
                state.next_in = input.baseAddress
                state.avail_in = uInt(input.count)
                state.next_out = buffer.baseAddress
                state.avail_out = uInt(buffer.count)
                code = inflate(&state, Z_FINISH)
                count = buffer.count - Int(state.avail_out)
            }
        }
        guard code == Z_STREAM_END, raw.count <= limit, state.avail_in == 0 else {
            throw DeltaicError(
                .badGitRequest, "the compressed request is damaged or too long", expected: "at most \(limit) bytes")
        }
        return raw
    }
}
