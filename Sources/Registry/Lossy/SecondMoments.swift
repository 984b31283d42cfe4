internal import DeltaicCore
internal import Foundation
internal import TensorFiles

/// The second moments of layers' inputs, in a safetensors file: for a weight of C columns, under the weight's name, the mean of x x^T
/// over inputs x, an F32 matrix of C x C.
struct SecondMoments: Sendable {
    private let path: String
    private let entries: [String: SafetensorsHeader.Entry]

    /// - Throws: what is wrong with the file.
    init(path: String) throws(DeltaicError) {
        let file = try ReadOnlyFile(path: path)
        let header = try SafetensorsHeader.read(from: file)
        self.path = path
        entries = Dictionary(header.entries.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The matrix of a weight, row-major; nil if the file has none for it.
    ///
    /// - Throws: `.badMoments` naming the file if it is of another dtype or shape, or not finite; the weight is named by the
    ///   caller.
    func matrix(of name: String, columns: Int) throws(DeltaicError) -> [Float]? {
        guard let entry = entries[name] else { return nil }
        guard entry.type == .float32, entry.shape.dimensions == [columns, columns] else {
            throw DeltaicError(
                .badMoments, "the second moments do not fit the weight", at: [path],
                expected: "F32 [\(columns), \(columns)]", found: "\(entry.type.rawValue) \(entry.shape)")
        }
        let bytes = try ReadOnlyFile(path: path).read(entry.bytes)
        let values = bytes.withUnsafeBytes { bytes in
            (0..<entry.shape.elementCount).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
        guard values.allSatisfy(\.isFinite) else {
            throw DeltaicError(.badMoments, "the second moments are not finite", at: [path])
        }
        return values
    }
}
