internal import DeltaicCore
internal import XetFormat

/// Opens a xorb and decodes its chunks.
enum XorbFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        try FuzzFile.with(bytes) { path in
            guard let xorb = try FuzzParser.accepted({ try XorbFile(path: path) }) else { return }
            for (position, chunk) in xorb.chunks.enumerated().prefix(64) {
                var count = 0
                let range = position..<position + 1
                let isDecoded = try FuzzParser.accepted { try xorb.decode(range) { count += $0.count } } != nil
                guard isDecoded else { continue }
                try FuzzParser.require(count == chunk.rawLength, "a chunk has another length")
                try FuzzParser.require(try xorb.rawLength(of: range) == count, "the lengths of chunks differ")
            }
        }
    }
}

/// Opens a shard and reads the terms of its files.
enum ShardFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        try FuzzFile.with(bytes) { path in
            guard let shard = try FuzzParser.accepted({ try ShardFile(path: path) }) else { return }
            for file in shard.files {
                var count = 0
                var size = 0
                try shard.terms(of: file) { term in
                    count += 1
                    size += term.rawLength
                    try FuzzParser.require(!term.chunks.isEmpty, "a term has no chunks")
                }
                try FuzzParser.require(count == file.termCount && size == file.size, "a file's terms do not add up")
            }
        }
    }
}
