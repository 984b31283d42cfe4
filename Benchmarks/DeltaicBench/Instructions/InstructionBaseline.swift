import Foundation

/// The committed figures that others are held against, and what they are worth nothing without.
struct InstructionBaseline: Codable {
    /// Other libraries, another compiler or another processor's instructions give other figures.
    struct Conditions: Codable, Equatable {
        let vectors: String
        let zstd: String
        let xxhash: String
        let glibc: String
        let swift: String?
        let valgrind: String?

        static var current: Conditions {
            let machine = Machine.current
            let libraries = machine.libraries
            // valgrind shows programs no more than AVX2, whatever the processor has.
            return Conditions(
                vectors: machine.instructions.contains("avx2") ? "avx2" : "none", zstd: libraries.zstd,
                xxhash: libraries.xxhash, glibc: libraries.glibc, swift: libraries.swift, valgrind: libraries.valgrind)
        }
    }

    static let path = "Benchmarks/baseline.json"
    /// By how much a case may exceed its figure, in %.
    static let tolerance = 3.0

    var conditions: Conditions
    var instructionsPerByte: [String: Double]

    /// Nil if there is no file.
    static func read(_ path: String) throws -> InstructionBaseline? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try JSONFile.read(path)
    }
}
