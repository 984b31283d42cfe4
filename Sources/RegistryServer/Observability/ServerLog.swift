public import Logging

/// The log of a server: a line for each event on standard error, without secrets.
public enum ServerLog {
    /// How lines look.
    public enum Format: String, Sendable, CaseIterable {
        case json, text
    }

    /// - Parameter level: the least that is written.
    public static func logger(format: Format, level: Logger.Level) -> Logger {
        Logger(label: "deltaic") {
            StructuredLogHandler(label: $0, level: level, format: format == .json ? .json : .text)
        }
    }
}
