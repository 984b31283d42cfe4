internal import Catalog
public import DeltaicCore
internal import Foundation

/// What a user's command said of a version.
public struct Evaluation: Sendable, Codable {
    public let command: String
    public let score: Double
    /// Seconds since 1970.
    public let createdAt: Int

    init(_ record: EvaluationRecord) {
        command = record.command
        score = record.score
        createdAt = record.createdAt
    }
}

/// What an evaluation found.
public struct EvaluationResult: Sendable, Codable {
    public let version: VersionSummary
    public let evaluation: Evaluation
}

extension ModelRegistry {
    /// Pulls a version to a temporary folder, runs a command on it, and keeps the last number that it prints.
    ///
    /// - Parameter command: for the shell; the folder is `$1` and `$DELTAIC_MODEL`. Its standard error is this process's.
    /// - Throws: `.evaluationFailed` if the command fails, or prints no number that can be read in one way only.
    public func evaluate(_ reference: VersionReference, command: String) async throws -> EvaluationResult {
        let version = try catalog.version(reference)
        let folder = try ScratchFolder()
        defer { withExtendedLifetime(folder) {} }
        let exact = VersionReference(model: version.model, selector: .number(version.number))
        _ = try await pull(exact, to: folder.path)
        let score = try await ScoreCommand(command: command).run(on: folder.path)
        let record = EvaluationRecord(
            command: command, score: score, createdAt: Int(Date().timeIntervalSince1970))
        try catalog.addEvaluation(record, to: version.id)
        return EvaluationResult(
            version: VersionSummary(try catalog.version(id: version.id) ?? version), evaluation: Evaluation(record))
    }
}
