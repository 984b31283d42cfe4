import DeltaicCore
import Foundation
import TensorFiles

/// A small BF16 model made from a seed, and fine-tunes of it in which some tensors moved: many models in little time.
struct SmallModel {
    private let header: [UInt8]
    private let weights: [Float]
    private let tensorCount: Int
    private let elements: Int

    /// - Parameters:
    ///   - tensors: the number of tensors.
    ///   - rows: the rows of each, of 8 weights.
    init(tensors: Int, rows: Int, seed: UInt64) throws {
        guard let shape = TensorShape([rows, 8]) else { throw BenchmarkFailure("\(rows) rows are no shape") }
        tensorCount = tensors
        elements = shape.elementCount
        var state = seed &* 0x9e37_79b9_7f4a_7c15
        weights = (0..<tensors * shape.elementCount).map { _ in Float(normal(&state) * 0.02) }
        header = try SafetensorsHeaderText.header(
            of: (0..<tensors).map { ("layers.\($0 / 6).part.\($0 % 6).weight", .bfloat16, shape) })
    }

    var byteCount: Int { header.count + 2 * weights.count }

    func write(to folder: String) throws {
        try write(weights, to: folder)
    }

    /// Writes a fine-tune in which the tensors of these positions moved by N(0, 2e-4).
    func writeFineTune(_ number: Int, moving tensors: some Sequence<Int>, to folder: String) throws {
        var moved = weights
        var state = UInt64(number + 1) &* 0xd134_2543_de82_ef95
        for tensor in tensors {
            for index in tensor * elements..<(tensor + 1) * elements { moved[index] += Float(normal(&state) * 2e-4) }
        }
        try write(moved, to: folder)
    }

    private func write(_ weights: [Float], to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = try DurableFile(path: folder + "/model.safetensors")
        try file.write(header)
        try weights.map { bfloat16($0).littleEndian }.withUnsafeBytes { try file.write($0) }
        try file.publish(synced: false)
    }
}
