internal import Foundation

/// The most memory that a process held at once, as the system counts it.
public enum PeakMemory {
    // A process of its own between the tests and what is measured: until it begins its program, a child counts the memory of
    // who started it.
    private static let script = """
        import os, sys
        child = os.fork()
        if child == 0:
            os.execv(sys.argv[1], sys.argv[1:])
        _, status, usage = os.wait4(child, 0)
        print(usage.ru_maxrss * 1024, file=sys.stderr)
        sys.exit(os.waitstatus_to_exitcode(status) % 256)
        """

    /// The shell's words to run `"$DELTAIC"` with arguments under this measure.
    public static func command(_ arguments: [String]) -> String {
        let words = ["/usr/bin/python3", "-c", script].map(quoted) + ["\"$DELTAIC\""] + arguments.map(quoted)
        return words.joined(separator: " ")
    }

    /// The bytes that the last line of standard error tells, and what was there before it.
    public static func split(_ errors: String) -> (peak: Int?, errors: String) {
        var lines = errors.split(separator: "\n", omittingEmptySubsequences: true)
        let peak = lines.popLast().flatMap { Int($0) }
        return (peak, lines.joined(separator: "\n"))
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
