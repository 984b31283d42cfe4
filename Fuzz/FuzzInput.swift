internal import DeltaicCore
internal import Foundation
internal import Glibc

/// Takes an input apart; after its end there are zeros.
struct FuzzInput {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    mutating func byte() -> Int { Int(rest.popFirst() ?? 0) }

    /// A little-endian number of two bytes.
    mutating func short() -> Int { byte() | byte() << 8 }

    mutating func take(_ count: Int) -> [UInt8] {
        let taken = rest.prefix(count)
        rest = rest.dropFirst(count)
        return Array(taken)
    }
}

/// An input as a file, for parsers that read files: the same one again and again, as nothing is kept of it.
enum FuzzFile {
    private static let path = FileManager.default.temporaryDirectory.path + "/deltaic-fuzz-\(getpid())"

    /// A folder for parsers that write.
    static func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = "\(path)-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    static func with<Value>(_ bytes: [UInt8], _ body: (String) throws -> Value) throws -> Value {
        // Tests replay several corpora at once.
        let path = "\(path)-\(UUID().uuidString)"
        guard let file = fopen(path, "wb") else { throw CocoaError(.fileWriteUnknown) }
        let written = fwrite(bytes, 1, bytes.count, file)
        fclose(file)
        defer { unlink(path) }
        guard written == bytes.count else { throw CocoaError(.fileWriteUnknown) }
        return try body(path)
    }
}
