internal import ArgumentParser
internal import Foundation

/// How a result is printed: the same value, as text for people or as JSON for programs.
struct OutputFormat: ParsableArguments {
    @Flag(help: "Print the result as JSON, with exact sizes in bytes.")
    var json = false

    /// Prints a result on standard output.
    ///
    /// - Parameter lines: the text; its argument is the width that lines may have, nil for any.
    func write(_ result: some Encodable, lines: (Int?) -> [String]) throws {
        guard json else {
            return try StandardStreams.writeResult(lines(TerminalWidth.ofResults).joined(separator: "\n"))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let data = try encoder.encode(result)
        try StandardStreams.writeResult(String(decoding: data, as: UTF8.self))
    }
}
