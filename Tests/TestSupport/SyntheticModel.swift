internal import DeltaicCore

/// Small models of random weights, and fine-tunes of them: the same seed gives the same bytes.
public struct SyntheticModel: Sendable {
    /// One tensor of 32-bit floats.
    public struct Tensor: Sendable {
        public let name: String
        public var shape: [Int]
        public var values: [Float]

        public init(name: String, shape: [Int], values: [Float]) {
            self.name = name
            self.shape = shape
            self.values = values
        }

        /// The bytes as safetensors has them.
        public var bytes: [UInt8] {
            var writer = ByteWriter()
            for value in values { writer.integer(value.bitPattern) }
            return writer.bytes
        }
    }

    public var tensors: [Tensor]

    /// An embedding, some layers and their biases.
    public init(seed: UInt64, rows: Int = 200, width: Int = 32, layers: Int = 2) {
        var generator = SeededGenerator(seed: seed)
        func tensor(_ name: String, _ shape: [Int]) -> Tensor {
            let count = shape.reduce(1, *)
            return Tensor(
                name: name, shape: shape, values: (0..<count).map { _ in Float(generator.normal() * 0.02) })
        }
        tensors = [tensor("embeddings.weight", [rows, width])]
        for layer in 0..<layers {
            tensors.append(tensor("layer.\(layer).dense.weight", [width, width]))
            tensors.append(tensor("layer.\(layer).dense.bias", [width]))
        }
    }

    /// The model after a few steps of training: every weight a little different.
    public func tuned(seed: UInt64, by deviation: Double = 2e-4) -> SyntheticModel {
        var generator = SeededGenerator(seed: seed)
        var tuned = self
        for position in tuned.tensors.indices {
            tuned.tensors[position].values = tuned.tensors[position].values.map {
                $0 + Float(generator.normal() * deviation)
            }
        }
        return tuned
    }

    /// The tensors in a builder, whose header can still be changed.
    public var builder: SafetensorsBuilder {
        var builder = SafetensorsBuilder()
        for tensor in tensors { builder.add(tensor.name, .float32, tensor.shape, tensor.bytes) }
        return builder
    }

    /// Writes a folder with a safetensors file and a configuration, and returns its path.
    @discardableResult
    public func write(_ name: String, in directory: TemporaryDirectory) throws -> String {
        try directory.write("\(name)/model.safetensors", builder.bytes())
        try directory.write("\(name)/config.json", "{\"model\": \"test\"}\n".utf8)
        return directory.path(name)
    }
}
