internal import DeltaicCore
internal import TestSupport
internal import XetFormat

extension CapturedUpload {
    func shard() throws -> ShardFile { try ShardFile(path: shardPath) }

    /// A file put together from its terms.
    func content(of file: ShardedFile, of shard: ShardFile) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try shard.terms(of: file) { term in
            let xorb = try XorbFile(path: xorbPath)
            let before = bytes.count
            try xorb.decode(term.chunks) { bytes += $0 }
            guard term.xorb.text == self.xorb, try xorb.rawLength(of: term.chunks) == term.rawLength,
                bytes.count - before == term.rawLength
            else { throw DeltaicError(.malformedShard, "a term is another one than it says") }
        }
        return bytes
    }
}
