import DeltaicCore
import Foundation
import TensorFiles

/// A large model made from a seed: BF16 weights of N(0, 0.02) in two shards, and a fine-tune of it whose weights moved by
/// N(0, 2e-4).
struct SyntheticModel {
    let bytes: Int

    /// Squares of a usual width, and one tensor of half a shard, as a large vocabulary has.
    private func shapes(shard bytes: Int) -> [(name: String, type: ElementType, shape: TensorShape)] {
        var shapes: [(name: String, type: ElementType, shape: TensorShape)] = []
        func add(_ name: String, rows: Int) {
            if let shape = TensorShape([rows, 2048]) { shapes.append((name, .bfloat16, shape)) }
        }
        add("embedding", rows: max(1, bytes / 2 / 4096))
        let layers = max(1, bytes / 2 / (2048 * 2048 * 2))
        for layer in 0..<layers { add("layers.\(layer).weight", rows: 2048) }
        return shapes
    }

    func write(base: String, fineTune: String) throws {
        for folder in [base, fineTune] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        // Normal values are drawn from tables: a gigabyte in seconds.
        var seed: UInt64 = 1
        let weights = (0..<65_536).map { _ in Float(normal(&seed) * 0.02) }
        let moves = (0..<65_536).map { _ in Float(normal(&seed) * 2e-4) }
        for shard in 1...2 {
            let name = "model-0000\(shard)-of-00002.safetensors"
            let tensors = shapes(shard: bytes / 2).map { ("\(shard).\($0.name)", $0.type, $0.shape) }
            let header = try SafetensorsHeaderText.header(of: tensors.map { (name: $0.0, type: $0.1, shape: $0.2) })
            let files = [try DurableFile(path: "\(base)/\(name)"), try DurableFile(path: "\(fineTune)/\(name)")]
            for file in files { try file.write(header) }
            var left = tensors.reduce(0) { $0 + $1.2.elementCount }
            while left > 0 {
                let count = min(left, 1 << 20)
                var one = [UInt16](repeating: 0, count: count)
                var other = one
                for index in 0..<count {
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    let weight = weights[Int(seed >> 48)]
                    one[index] = bfloat16(weight)
                    other[index] = bfloat16(weight + moves[Int((seed >> 24) & 0xffff)])
                }
                try one.withUnsafeBytes { try files[0].write($0) }
                try other.withUnsafeBytes { try files[1].write($0) }
                left -= count
            }
            for file in files { try file.publish(synced: false) }
        }
    }
}
