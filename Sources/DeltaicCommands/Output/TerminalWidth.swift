internal import Foundation
internal import Glibc

/// How wide lines may be.
enum TerminalWidth {
    /// Tables are never squeezed into less.
    private static let narrowest = 60

    /// The width for results: that of `COLUMNS` if it is set, else of the terminal; nil if standard output is none, so
    /// that programs which read it see whole names.
    static var ofResults: Int? {
        if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 {
            return max(narrowest, columns)
        }
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        return max(narrowest, window(STDOUT_FILENO) ?? 100)
    }

    /// The width of the terminal at standard error, nil if it is none.
    static var ofNotes: Int? {
        isatty(STDERR_FILENO) == 1 ? window(STDERR_FILENO) ?? 80 : nil
    }

    private static func window(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
