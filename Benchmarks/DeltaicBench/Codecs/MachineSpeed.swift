import DeltaCodecs
import DeltaicCore

/// What the machine does with the same bytes at best: the seconds to copy them and to hash them, on one thread.
struct MachineSpeed {
    let copySeconds: Double
    let sha256Seconds: Double
    let fastHashSeconds: Double

    init(_ chunks: [ChunkInput], runs: Int) throws {
        // One target for all, which the first run touches: a copy from memory to memory, not into a cache.
        var target = [UInt8](repeating: 0, count: chunks.reduce(0) { $0 + $1.raw.count })
        copySeconds = fastest(of: runs + 1) {
            target.withUnsafeMutableBytes { target in
                var position = 0
                for chunk in chunks {
                    chunk.raw.withUnsafeBytes {
                        UnsafeMutableRawBufferPointer(rebasing: target[position..<position + $0.count])
                            .copyMemory(from: $0)
                    }
                    position += chunk.raw.count
                }
            }
        }
        guard equalBytes(target, Array(chunks.map(\.raw).joined())) else {
            throw BenchmarkFailure("a copy in memory differs")
        }
        var digests: Set<Digest> = []
        sha256Seconds = try fastest(of: runs) {
            var hash = try StreamingHash(.sha256)
            for chunk in chunks { hash.update(chunk.raw) }
            digests.insert(Digest(uncheckedBytes: hash.finish()))
        }
        var checksums: Set<UInt64> = []
        fastHashSeconds = fastest(of: runs) {
            checksums.insert(chunks.reduce(0) { $0 ^ FastHash.checksum($1.raw) })
        }
        guard digests.count == 1, checksums.count == 1 else { throw BenchmarkFailure("equal bytes have two hashes") }
    }
}
