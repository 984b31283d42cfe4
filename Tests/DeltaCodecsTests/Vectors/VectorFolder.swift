internal import DeltaicCore
internal import Foundation

/// `Schema/vectors` of this checkout.
enum VectorFolder {
    static let path = URL(filePath: #filePath)
        .appending(path: "../../../../Schema/vectors").standardized.path

    /// The names of the packs in a subfolder, without their extension.
    static func names(_ folder: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []
        return entries.filter { $0.hasSuffix(".pack") }.map { String($0.dropLast(5)) }.sorted()
    }

    static func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path + "/" + name)))
    }

    static func path(_ name: String) -> String { path + "/" + name }
}
