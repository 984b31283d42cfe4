internal import DeltaicCore
internal import Foundation

/// A user's command that prints a score.
struct ScoreCommand: Sendable {
    let command: String

    /// Runs the command to its end; what it may have left in the background runs on, and is not waited for.
    ///
    /// - Returns: the last number on the command's standard output, as ``ScoreText`` reads it.
    /// - Throws: `.evaluationFailed` naming the command.
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
        do {
            return try ScoreText(String(decoding: output, as: UTF8.self)).score()
        } catch {
            throw error.inside(command)
        }
    }
}
