internal import Foundation
internal import Glibc
internal import Logging
internal import Synchronization

/// Writes each event of the log as one line, as JSON or as text, without secrets.
///
/// What may be secret is hidden by ``LogRedaction``: values under certain keys, and the secrets of tokens wherever they stand.
struct StructuredLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: LogLine.Format
    private let output: LogOutput

    init(
        label: String, level: Logger.Level = .info, format: LogLine.Format = .json,
        metadataProvider: Logger.MetadataProvider? = nil, output: LogOutput = .standardError
    ) {
        self.label = label
        logLevel = level
        self.format = format
        self.metadataProvider = metadataProvider
        self.output = output
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        if let given = event.metadata { all.merge(given) { $1 } }
        let time = Int(Date().timeIntervalSince1970 * 1000)
        let line = LogLine(
            time: time, level: event.level, logger: label, message: "\(event.message)", metadata: all)
        output.write(line.text(as: format))
    }
}

/// Where lines of the log go: one descriptor, one line at a time.
final class LogOutput: Sendable {
    static let standardError = LogOutput(descriptor: STDERR_FILENO)

    private let descriptor: Mutex<Int32>
    private let isOwned: Bool

    /// - Parameter isOwned: whether the descriptor is closed when nobody can write to it any more.
    init(descriptor: Int32, isOwned: Bool = false) {
        self.descriptor = Mutex(descriptor)
        self.isOwned = isOwned
    }

    deinit {
        if isOwned { descriptor.withLock { _ = close($0) } }
    }

    /// Writes a line and its end with one system call, after the lines of other threads.
    ///
    /// Should the system take a part only, the rest follows before any other line. What cannot be written is lost: there is
    /// nobody to be told.
    func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        descriptor.withLock { descriptor in
            bytes.withUnsafeBytes { buffer in
                var done = 0
                while done < buffer.count {
                    let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                    if count > 0 {
                        done += count
                    } else if count == 0 || (errno != EINTR && !(errno == EAGAIN && Self.waits(for: descriptor))) {
                        return
                    }
                }
            }
        }
    }

    /// Waits a second at most until a descriptor that does not block can be written.
    private static func waits(for descriptor: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, 1000) > 0
    }
}
