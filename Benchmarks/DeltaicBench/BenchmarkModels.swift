import ArgumentParser
import DeltaicCore
import Foundation
import Registry
import TensorFiles

/// The folders that `fetch-real-models.sh` makes.
struct BenchmarkModels: ParsableArguments {
    @Option(help: "The folder that fetch-real-models.sh filled.")
    var models: String

    struct Pair {
        let name: String
        let base: String
        let fineTune: String
    }

    /// The pairs that are there.
    func pairs() throws -> [Pair] {
        let all = [("FP32", ""), ("BF16", "-bf16")].map { name, suffix in
            Pair(
                name: name, base: "\(models)/all-MiniLM-L6-v2\(suffix)",
                fineTune: "\(models)/sre-embedding-model\(suffix)")
        }
        let found = all.filter { FileManager.default.fileExists(atPath: $0.fineTune + "/model.safetensors") }
        guard !found.isEmpty else {
            throw BenchmarkFailure("\(models) holds none of the real models; run fetch-real-models.sh first")
        }
        return found
    }
}

/// A folder that goes when the value does.
final class ScratchFolder {
    let path: String

    init(in parent: String?) throws {
        let parent = parent.map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
        path = parent.appending(path: "deltaic-bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func path(_ name: String) -> String { path + "/" + name }
}

/// The bytes of the regular files below a folder.
func bytes(below path: String) throws -> Int {
    try ModelDirectory.open(path).files.reduce(0) { $0 + $1.size }
}
