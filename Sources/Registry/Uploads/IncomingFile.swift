internal import DeltaicCore
internal import Synchronization

/// Takes a file of limited length as it comes, and leaves nothing if it is dropped before it is published.
final class IncomingFile: Sendable {
    private let limit: Int
    /// Nil once it is published, or has failed.
    private let file: Mutex<DurableFile?>
    /// Where the bytes are until then.
    let temporaryPath: String

    init(path: String, limit: Int) throws(DeltaicError) {
        self.limit = limit
        let file = try DurableFile(path: path)
        temporaryPath = file.temporaryPath
        self.file = Mutex(file)
    }

    /// - Throws: `.tooManyUploads` if there are more bytes than the limit, `.ioFailure` or `.noSpace`.
    func append(_ bytes: [UInt8]) throws {
        try file.withLock { file in
            let open = try Self.open(file)
            guard open.byteCount + bytes.count <= limit else {
                throw DeltaicError(.tooManyUploads, "the body is too long", expected: "at most \(limit) bytes")
            }
            try open.write(bytes)
        }
    }

    /// Makes the file durable under its name, and returns its length.
    func publish() throws -> Int {
        try file.withLock { file in
            let ending = try Self.open(file)
            file = nil
            try ending.publish()
            return ending.byteCount
        }
    }

    private static func open(_ file: DurableFile?) throws(DeltaicError) -> DurableFile {
        guard let file else { throw DeltaicError(.uploadMismatch, "the upload is over already") }
        return file
    }
}
