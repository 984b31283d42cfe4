internal import CZstd
internal import DeltaicCore
internal import Synchronization

/// A pair of zstd contexts, reused from a pool.
///
/// Not shared: whoever took it from the pool has it alone until it is given back.
final class ZstdContext {
    enum Settings {
        /// Huffman-coded literals without a search for matches: a fast strategy that strides over the input, with literal
        /// compression forced on.
        case literals
        /// Level 3.
        case matches
        /// Level 12.
        case text
    }

    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer

    private init(compressor: OpaquePointer, decompressor: OpaquePointer) {
        self.compressor = compressor
        self.decompressor = decompressor
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    // MARK: Pool

    private struct Idle: @unchecked Sendable {
        // Guarded by the mutex around it; a context in here belongs to nobody.
        var contexts: [ZstdContext] = []
    }

    private static let idle = Mutex(Idle())
    private static let idleLimit = 16

    static func take() throws(DeltaicError) -> ZstdContext {
        let pooled = idle.withLock { idle in
            let taken = idle.contexts.popLast()
            return Idle(contexts: taken.map { [$0] } ?? [])
        }
        if let context = pooled.contexts.first { return context }
        guard let compressor = ZSTD_createCCtx() else { throw outOfMemory }
        guard let decompressor = ZSTD_createDCtx() else {
            ZSTD_freeCCtx(compressor)
            throw outOfMemory
        }
        return ZstdContext(compressor: compressor, decompressor: decompressor)
    }

    func giveBack() {
        let returned = Idle(contexts: [self])
        Self.idle.withLock { idle in
            if idle.contexts.count < Self.idleLimit { idle.contexts += returned.contexts }
        }
    }

    private static let outOfMemory = DeltaicError(.outOfMemory, "zstd could not allocate a context")

    // MARK: Work

    func compress(_ raw: [UInt8], settings: Settings, boundaries: [Int]) throws(DeltaicError) -> [UInt8] {
        ZSTD_CCtx_reset(compressor, ZSTD_reset_session_and_parameters)
        switch settings {
        case .literals:
            set(ZSTD_c_strategy, Int32(ZSTD_fast.rawValue))
            set(ZSTD_c_minMatch, 7)
            set(ZSTD_c_hashLog, 6)
            set(ZSTD_c_windowLog, 17)
            set(ZSTD_c_targetLength, 131_072)
            // ZSTD_c_literalCompressionMode, by its number in the library's interface.
            set(ZSTD_c_experimentalParam5, Int32(ZSTD_lcm_huffman.rawValue))
        case .matches:
            set(ZSTD_c_compressionLevel, 3)
        case .text:
            set(ZSTD_c_compressionLevel, 12)
        }
        ZSTD_CCtx_setPledgedSrcSize(compressor, UInt64(raw.count))
        // Each flush may add a block header.
        let capacity = ZSTD_compressBound(raw.count) + 64 * (boundaries.count + 1)
        var failure: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
            raw.withUnsafeBytes { source in
                var output = ZSTD_outBuffer(dst: target.baseAddress, size: capacity, pos: 0)
                var start = 0
                for end in boundaries + [raw.count] where failure == nil {
                    let isLast = end == raw.count
                    var input = ZSTD_inBuffer(src: source.baseAddress, size: end, pos: start)
                    let mode = isLast ? ZSTD_e_end : ZSTD_e_flush
                    let left = ZSTD_compressStream2(compressor, &output, &input, mode)
                    if ZSTD_isError(left) != 0 { failure = String(cString: ZSTD_getErrorName(left)) }
                    if left != 0 && failure == nil { failure = "the output buffer is too small" }
                    start = end
                }
                count = output.pos
            }
        }
        if let failure { throw DeltaicError(.unsupported, "zstd failed: \(failure)") }
        return bytes
    }

    private func set(_ parameter: ZSTD_cParameter, _ value: Int32) {
        // Out-of-range values are clamped by the library or refused; either way the frame stays valid, only larger.
        ZSTD_CCtx_setParameter(compressor, parameter, value)
    }

    func decompress(_ bytes: [UInt8], rawLength: Int) throws(DeltaicError) -> [UInt8] {
        let declared = bytes.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
        guard declared == UInt64(rawLength) else {
            throw DeltaicError(
                .malformedPack, "P-17: a zstd frame declares another length", expected: "\(rawLength)",
                found: declared >= UInt64.max - 1 ? "none" : "\(declared)")
        }
        // More frames after the first would be decoded too.
        let length = bytes.withUnsafeBytes { ZSTD_findFrameCompressedSize($0.baseAddress, $0.count) }
        guard ZSTD_isError(length) != 0 || length == bytes.count else {
            throw DeltaicError(
                .malformedPack, "P-17: bytes follow a zstd frame", expected: "\(length)", found: "\(bytes.count)")
        }
        var result = 0
        let raw = [UInt8](unsafeUninitializedCapacity: rawLength) { target, count in
            result = bytes.withUnsafeBytes { source in
                ZSTD_decompressDCtx(decompressor, target.baseAddress, rawLength, source.baseAddress, source.count)
            }
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else {
            throw DeltaicError(
                .malformedPack, "P-17: a zstd frame is damaged", found: String(cString: ZSTD_getErrorName(result)))
        }
        guard raw.count == rawLength else {
            throw DeltaicError(
                .malformedPack, "P-17: a zstd frame is short", expected: "\(rawLength)", found: "\(raw.count)")
        }
        return raw
    }
}
