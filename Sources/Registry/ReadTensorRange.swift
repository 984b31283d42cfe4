internal import Catalog
public import DeltaicCore
internal import PackFormat

extension ModelRegistry {
    /// Reads a range of a tensor's raw bytes, decoding only the chunks that it touches: at most two for up to 2 MiB.
    ///
    /// What is returned passed the checksums of its chunks; the SHA-256 of the whole tensor is not looked at.
    /// - Parameter range: offsets in the tensor's bytes, in safetensors order.
    /// - Throws: `.unknownContent` if the version has no such tensor or the range reaches past its end; a damage code
    ///   naming the tensor and the chunk.
    public func read(_ range: Range<Int>, ofTensor name: String, in reference: VersionReference) throws -> [UInt8] {
        let lock = try lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let version = try catalog.version(reference)
        return try naming("\(version.model)@v\(version.number), tensor \(name)") {
            guard let tensor = try catalog.tensor(named: name, of: version.id) else {
                throw DeltaicError(
                    .unknownContent, "the version has no such tensor",
                    advice: "`deltaic show --tensors` lists its tensors")
            }
            guard range.lowerBound >= 0, range.upperBound <= tensor.byteCount else {
                throw DeltaicError(
                    .unknownContent, "the range reaches past the tensor", expected: "within \(tensor.byteCount) bytes",
                    found: "\(range.lowerBound) to \(range.upperBound)")
            }
            _ = try objects.object(of: tensor)
            guard !range.isEmpty else { return [] }
            let first = range.lowerBound / ChunkGrid.chunkBytes
            let last = (range.upperBound - 1) / ChunkGrid.chunkBytes
            var bytes: [UInt8] = []
            for position in first...last {
                let chunk = try objects.chunk(position, of: tensor.object)
                let start = position * ChunkGrid.chunkBytes
                let wanted = range.clamped(to: start..<start + chunk.count)
                bytes += chunk[wanted.lowerBound - start..<wanted.upperBound - start]
            }
            return bytes
        }
    }
}
