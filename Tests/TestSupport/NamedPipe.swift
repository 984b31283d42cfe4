internal import Glibc

/// A pipe with a path, on which a test waits for another process.
public struct NamedPipe: Sendable {
    public let path: String

    /// - Parameter path: of a file that does not exist.
    public init(path: String) throws(PipeError) {
        guard mkfifo(path, 0o600) == 0 else { throw PipeError(code: errno) }
        self.path = path
    }

    /// The system refused the pipe.
    public struct PipeError: Error {
        public let code: Int32
    }

    /// The line that another process writes; waits for that.
    public func line() async -> String {
        await Task.detached { [path] in
            guard let file = fopen(path, "r") else { return "" }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 256)
            guard fgets(&buffer, Int32(buffer.count), file) != nil else { return "" }
            return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }.value
    }
}
