internal import CAllocator

/// Settings of the C library's allocator for a process that works through many equal buffers.
public enum AllocatorTuning {
    /// Keeps freed buffers of chunk size in the heap instead of giving each back to the system.
    ///
    /// By default a buffer of more than 128 KiB is mapped afresh at each allocation, and the kernel has to clear its pages: a
    /// fifth of the time of encoding and decoding. Call it once, before the first thread. What is kept is bounded by what
    /// was in use at once.
    public static func keepChunkBuffers() {
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, 64 << 20)
        // One heap per worker would each keep its own buffers.
        mallopt(M_ARENA_MAX, 2)
    }
}
