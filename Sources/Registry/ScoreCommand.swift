internal import DeltaicCore
internal import Foundation

/// A user's command that prints a score.
struct ScoreCommand: Sendable {
    let command: String

    /// Runs the command to its end; what it may have left in the background runs on, and is not waited for.
    ///
    /// - Returns: the last number on the command's standard output.
    func run(on folder: String) async throws -> Double {
        let environment = ProcessInfo.processInfo.environment.merging(["DELTAIC_MODEL": folder]) { $1 }
        let process = try ShellProcess(command, arguments: [folder], environment: environment)
        let (output, end) = await withTaskCancellationHandler {
            // A thread that waits; here it would be one of those that all tasks share.
            await Task.detached { process.finish() }.value
        } onCancel: {
            process.terminate()
        }
        try Task.checkCancellation()
        guard end == .exit(0) else {
            throw DeltaicError(
                .evaluationFailed, "the command failed", at: [command], expected: "exit status 0",
                found: end.description)
        }
        guard let score = Self.lastNumber(in: String(decoding: output, as: UTF8.self)) else {
            throw DeltaicError(
                .evaluationFailed, "the command printed no number", at: [command],
                expected: "the score as the last number on standard output")
        }
        return score
    }

    static func lastNumber(in text: String) -> Double? {
        let words = text.split { $0.isWhitespace || "=:,;()[]{}\"'%".contains($0) }
        return words.reversed().lazy.compactMap { Double($0) }.first { $0.isFinite }
    }
}
