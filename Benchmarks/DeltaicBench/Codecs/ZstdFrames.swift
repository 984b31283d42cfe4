import CZstd
import DeltaicCore

/// zstd at one level: every call makes a frame of its own, with one context and one buffer for all of them.
final class ZstdFrames {
    private let level: Int32
    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer
    private var buffer: [UInt8] = []

    init(level: Int32) throws {
        guard let compressor = ZSTD_createCCtx() else { throw BenchmarkFailure("zstd has no memory") }
        guard let decompressor = ZSTD_createDCtx() else {
            ZSTD_freeCCtx(compressor)
            throw BenchmarkFailure("zstd has no memory")
        }
        self.level = level
        self.compressor = compressor
        self.decompressor = decompressor
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// One frame, or the bytes themselves if these are fewer.
    func encode(_ bytes: UnsafeRawBufferPointer) throws -> EncodedStream {
        let capacity = ZSTD_compressBound(bytes.count)
        if buffer.count < capacity { buffer = [UInt8](repeating: 0, count: capacity) }
        let length = ZSTD_compressCCtx(compressor, &buffer, capacity, bytes.baseAddress, bytes.count, level)
        guard ZSTD_isError(length) == 0 else { throw BenchmarkFailure("zstd could not compress") }
        guard length < bytes.count else {
            return EncodedStream(encoding: .stored, rawLength: bytes.count, bytes: Array(bytes))
        }
        return EncodedStream(encoding: .zstd, rawLength: bytes.count, bytes: Array(buffer[..<length]))
    }

    /// Fills `target` with what was encoded.
    func decode(_ stream: EncodedStream, into target: UnsafeMutableRawBufferPointer) throws {
        guard stream.rawLength == target.count else { throw BenchmarkFailure("a frame has another length") }
        guard stream.encoding == .zstd else {
            stream.bytes.withUnsafeBytes { target.copyMemory(from: $0) }
            return
        }
        let length = ZSTD_decompressDCtx(
            decompressor, target.baseAddress, target.count, stream.bytes, stream.bytes.count)
        guard length == target.count else { throw BenchmarkFailure("zstd could not decompress") }
    }
}

/// An array of `count` bytes that `body` fills, without clearing it first.
func filledArray(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        try body(UnsafeMutableRawBufferPointer(buffer))
        filled = count
    }
}
