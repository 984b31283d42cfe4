internal import DeltaicCore
internal import TensorFiles

/// Reads the index of a model in several files.
enum ShardIndexFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        guard let index = try FuzzParser.accepted({ try ShardIndex.parse(bytes) }) else { return }
        for shard in index.weightMap.values {
            try FuzzParser.require(
                try FuzzParser.accepted { try FileNames.check(shard) } != nil, "an unsafe path was accepted")
        }
        _ = try FuzzParser.accepted { try index.check(indexPath: "model.safetensors.index.json", files: []) }
    }
}
