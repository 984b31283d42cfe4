import Foundation
import Glibc

/// Counts what fault tests tried, for the table in `docs/reliability.md`.
///
/// A line of JSON for each record is appended to the file that `DELTAIC_EVIDENCE` names; without it nothing is kept.
public enum Evidence {
    private struct Line: Encodable {
        let family: Int
        let what: String
        let tried: Int
        let outcomes: [String: Int]
        let note: String?
    }

    /// Notes cases of one family of faults.
    ///
    /// - Parameters:
    ///   - family: its number in the list of faults, 1 to 24.
    ///   - what: the kind of case, as a row of the table names it; the counts of equal ones are added.
    ///   - outcomes: how many cases ended how, in words such as "refused", "old state" or "lost".
    ///   - note: a figure or a seed that the row should show.
    public static func record(
        family: Int, _ what: String, tried: Int, outcomes: [String: Int], note: String? = nil
    ) throws {
        guard let path = ProcessInfo.processInfo.environment["DELTAIC_EVIDENCE"] else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var text = Array(
            try encoder.encode(Line(family: family, what: what, tried: tried, outcomes: outcomes, note: note)))
        text.append(UInt8(ascii: "\n"))
        // One write to a file that is open for appending: suites that run at the same time do not mix their lines.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        defer { close(descriptor) }
        guard text.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == text.count else {
            throw CocoaError(.fileWriteUnknown)
        }
    }
}
