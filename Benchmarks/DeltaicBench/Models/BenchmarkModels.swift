import ArgumentParser
import DeltaicCore
import Foundation
import Registry
import TensorFiles

/// The folders that `scripts/models.sh` makes.
struct BenchmarkModels: ParsableArguments {
    @Option(help: "The folder that scripts/models.sh filled.")
    var models: String?

    struct Pair {
        let name: String
        let type: ElementType
        let base: String
        let fineTune: String
    }

    /// The pairs that are there.
    func pairs() throws -> [Pair] {
        guard let models else { throw BenchmarkFailure("say with --models where the real models are") }
        let all = [("FP32", ElementType.float32, ""), ("BF16", .bfloat16, "-bf16")].map { name, type, suffix in
            Pair(
                name: name, type: type, base: "\(models)/all-MiniLM-L6-v2\(suffix)",
                fineTune: "\(models)/sre-embedding-model\(suffix)")
        }
        let found = all.filter { FileManager.default.fileExists(atPath: $0.fineTune + "/model.safetensors") }
        guard !found.isEmpty else {
            throw BenchmarkFailure("\(models) holds none of the real models; run scripts/models.sh first")
        }
        return found
    }
}

/// The bytes of the regular files below a folder.
func bytes(below path: String) throws -> Int {
    try ModelDirectory.open(path).files.reduce(0) { $0 + $1.size }
}

/// The paths of a model's files, from its folder on.
func modelFiles(in path: String) throws -> [String] {
    try ModelDirectory.open(path).files.map(\.path)
}
