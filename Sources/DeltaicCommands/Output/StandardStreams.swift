internal import DeltaicCore
internal import Glibc

/// Nobody reads standard output any more: the command ends without a word.
struct ClosedOutput: Error {}

/// Where the process writes: results to standard output, everything else to standard error.
enum StandardStreams {
    /// Writes a result.
    /// - Throws: ``ClosedOutput``, or `.ioFailure` if standard output is a file that cannot be written.
    static func writeResult(_ text: String) throws {
        let code = write(text + "\n", to: STDOUT_FILENO)
        if code == EPIPE { throw ClosedOutput() }
        guard code != 0 else { return }
        throw DeltaicError(
            .ioFailure, "the result could not be written: \(String(cString: strerror(code)))", at: ["standard output"],
            advice: "what the command did is done; only its result is lost")
    }

    /// Writes a line about how things go; if that fails, nobody is there to be told.
    static func writeNote(_ text: String) {
        _ = write(PrintableText.escaped(text, keepsLines: true) + "\n", to: STDERR_FILENO)
    }

    /// Writes to the terminal as it is, control characters included.
    static func drawOnTerminal(_ text: String) {
        _ = write(text, to: STDERR_FILENO)
    }

    /// Returns 0 or an error number.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { return errno }
                done += count
            }
            return 0
        }
    }
}
