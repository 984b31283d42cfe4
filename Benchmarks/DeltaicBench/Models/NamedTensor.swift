import DeltaicCore
import TensorFiles

/// A tensor of a model on disk.
struct NamedTensor {
    let file: ReadOnlyFile
    let entry: SafetensorsHeader.Entry

    func bytes() throws -> [UInt8] {
        try file.read(entry.bytes)
    }

    /// The tensors of all safetensors files of a model, by name.
    static func all(in model: ModelDirectory) throws -> [String: NamedTensor] {
        var tensors: [String: NamedTensor] = [:]
        for file in model.files {
            guard case .safetensors(let header) = file.content else { continue }
            let reader = try ReadOnlyFile(path: file.absolutePath)
            for entry in header.entries { tensors[entry.name] = NamedTensor(file: reader, entry: entry) }
        }
        return tensors
    }
}
