internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import TensorFiles

/// The second moments of layers' inputs, in a safetensors file: for a weight of C columns, under the weight's name, the mean of x x^T
/// over inputs x, an F32 matrix of C x C.
///
/// Names may differ from the weights' by a prefix, as those of a base may.
struct SecondMoments: Sendable {
    private let path: String
    private let entries: PrefixedNames<SafetensorsHeader.Entry>
    private let names: [String]

    /// - Throws: what is wrong with the file.
    init(path: String) throws(DeltaicError) {
        let file = try ReadOnlyFile(path: path)
        let header = try SafetensorsHeader.read(from: file)
        self.path = path
        names = header.entries.map(\.name)
        entries = PrefixedNames(Dictionary(header.entries.map { ($0.name, $0) }) { first, _ in first })
    }

    /// Makes sure that a codec reads what the file has, and that it fits.
    ///
    /// - Parameters:
    ///   - weights: the names and columns of the tensors whose codecs read second moments.
    ///   - codecs: the codecs in use.
    /// - Returns: the entries that no tensor uses, in the order of the file.
    /// - Throws: `.badMoments` naming the file.
    func unused(by weights: [(name: String, columns: Int)], codecs: Set<CodecID>) throws(DeltaicError) -> [String] {
        var used: Set<String> = []
        for weight in weights {
            guard let entry = entries.only(weight.name) else { continue }
            do {
                try check(entry, columns: weight.columns)
            } catch {
                throw error.inside(weight.name)
            }
            used.insert(entry.name)
        }
        if !used.isEmpty { return names.filter { !used.contains($0) } }
        let advice = "a matrix has the name of the weight whose inputs it is of"
        guard weights.isEmpty else {
            throw DeltaicError(
                .badMoments, "the file has the second moments of no tensor that is stored lossily", at: [path],
                expected: "names as \(Self.list(weights.map(\.name)))",
                found: names.isEmpty ? "no tensors" : Self.list(names), advice: advice)
        }
        throw DeltaicError(
            .badMoments, "no tensor is stored by a codec that reads second moments", at: [path],
            found: codecs.isEmpty
                ? "no lossy tensors" : "tensors of " + codecs.map(\.description).sorted().joined(separator: ", "),
            advice: "leave the file out, or look at the classes and patterns of the recipe")
    }

    /// The matrix of a weight, row-major; nil if the file has none for it.
    ///
    /// - Throws: `.badMoments` naming the file if it is of another dtype or shape, not finite, or no second moments at all; the
    ///   weight is named by the caller.
    func matrix(of name: String, columns: Int) throws(DeltaicError) -> [Float]? {
        guard let entry = entries.only(name) else { return nil }
        try check(entry, columns: columns)
        let bytes = try ReadOnlyFile(path: path).read(entry.bytes)
        let values = bytes.withUnsafeBytes { bytes in
            (0..<entry.shape.elementCount).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
        guard values.allSatisfy(\.isFinite) else {
            throw DeltaicError(.badMoments, "the second moments are not finite", at: [path])
        }
        try checkSymmetry(values, columns: columns)
        return values
    }

    private func check(_ entry: SafetensorsHeader.Entry, columns: Int) throws(DeltaicError) {
        guard entry.type == .float32, entry.shape.dimensions == [columns, columns] else {
            throw DeltaicError(
                .badMoments, "the second moments do not fit the weight", at: [path],
                expected: "F32 [\(columns), \(columns)]", found: "\(entry.type.rawValue) \(entry.shape)")
        }
    }

    /// Of sqrt(a_ii a_jj), which bounds every a_ij: sums in another order, or rounded to 16 bits, differ by less.
    private static let tolerance = 1e-3
    /// Of the largest a_ii: what is so small is noise of the sums.
    private static let floor = 1e-7

    private func checkSymmetry(_ values: [Float], columns: Int) throws(DeltaicError) {
        let diagonal = (0..<columns).map { Double(values[$0 * (columns + 1)]) }
        if let row = diagonal.firstIndex(where: { $0 < 0 }) {
            throw DeltaicError(
                .badMoments, "the second moments have a negative mean square", at: [path, "row \(row), column \(row)"],
                expected: "0 or more", found: diagonal[row].shortText(), advice: Self.advice)
        }
        let least = Self.floor * (diagonal.max() ?? 0)
        let roots = diagonal.map { $0.squareRoot() }
        for row in 0..<columns {
            for column in 0..<row {
                let (one, other) = (Double(values[row * columns + column]), Double(values[column * columns + row]))
                guard abs(one - other) > Self.tolerance * roots[row] * roots[column] + least else { continue }
                throw DeltaicError(
                    .badMoments, "the second moments are not symmetric", at: [path, "row \(row), column \(column)"],
                    expected: "\(other.shortText()), as in row \(column), column \(row)", found: one.shortText(),
                    advice: Self.advice)
            }
        }
    }

    private static let advice = "the matrix of a weight is the mean of x x^T over the inputs x of its layer"

    private static func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", ..." : "")
    }
}
