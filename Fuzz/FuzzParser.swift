internal import DeltaicCore

/// A parser of bytes that come from outside, with what has to hold of whatever it accepts.
struct FuzzParser: Sendable {
    /// A promise that a parser broke: what it accepted is not consistent, or it failed in a way that it may not.
    struct BrokenPromise: Error, CustomStringConvertible {
        let description: String
    }

    /// Its folder below `Fuzz/corpora`.
    let name: String
    /// Parses an input; refusals are no errors, broken promises are.
    let parse: @Sendable ([UInt8]) throws -> Void

    static let all: [FuzzParser] = [
        FuzzParser(name: "pack", parse: PackFuzzer.parse),
        FuzzParser(name: "pack-scan", parse: PackScanFuzzer.parse),
        FuzzParser(name: "chunk", parse: ChunkFuzzer.parse),
        FuzzParser(name: "zstd", parse: ZstdFuzzer.parse),
        FuzzParser(name: "manifest", parse: ManifestFuzzer.parse),
        FuzzParser(name: "recipe", parse: RecipeFuzzer.parse),
        FuzzParser(name: "card", parse: CardFuzzer.parse),
        FuzzParser(name: "markdown", parse: MarkdownFuzzer.parse),
        FuzzParser(name: "git", parse: GitFuzzer.parse),
        FuzzParser(name: "safetensors", parse: SafetensorsFuzzer.parse),
        FuzzParser(name: "shard-index", parse: ShardIndexFuzzer.parse),
        FuzzParser(name: "pickle", parse: PickleFuzzer.parse),
        FuzzParser(name: "xorb", parse: XorbFuzzer.parse),
        FuzzParser(name: "shard", parse: ShardFuzzer.parse),
        FuzzParser(name: "http-text", parse: HTTPTextFuzzer.parse),
        FuzzParser(name: "commit", parse: CommitFuzzer.parse),
    ]

    static func require(_ holds: Bool, _ promise: @autoclosure () -> String) throws {
        guard holds else { throw BrokenPromise(description: promise()) }
    }

    /// What a parser makes of its input, nil if it refuses it as it should: with an error of the registry.
    static func accepted<Value>(_ parse: () throws -> Value) throws -> Value? {
        do {
            return try parse()
        } catch let error {
            if error is DeltaicError { return nil }
            throw error
        }
    }
}
