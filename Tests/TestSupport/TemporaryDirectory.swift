internal import Foundation

/// A directory of its own for one test, removed when the value goes.
public final class TemporaryDirectory: Sendable {
    public let path: String

    /// - Parameter inMemory: whether it is on a file system in memory, where there is one, for tests that sync thousands of times.
    public init(inMemory: Bool = false) throws {
        let memory = "/dev/shm"
        let parent =
            inMemory && FileManager.default.isWritableFile(atPath: memory)
            ? URL(filePath: memory) : FileManager.default.temporaryDirectory
        path = parent.appending(path: "deltaic-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of an entry, which need not exist.
    public func path(_ name: String) -> String { path + "/" + name }

    /// Writes a file, with the folders that it needs, and returns its path.
    @discardableResult
    public func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let target = path(name)
        try FileManager.default.createDirectory(
            atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        // Data.write would sync each file, which tests that write thousands cannot afford.
        guard let file = fopen(target, "wb") else { throw CocoaError(.fileWriteUnknown) }
        defer { fclose(file) }
        let bytes = Array(bytes)
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw CocoaError(.fileWriteUnknown) }
        return target
    }
}
