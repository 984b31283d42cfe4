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
    /// - Throws: `.evaluationFailed` if the command fails or prints no number.
    public func evaluate(_ reference: VersionReference, command: String) async throws -> EvaluationResult {
        let version = try catalog.version(reference)
        let folder = FileManager.default.temporaryDirectory.path + "/deltaic-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let exact = VersionReference(model: version.model, selector: .number(version.number))
        _ = try await pull(exact, to: folder)
        let score = try await ScoreCommand(command: command).run(on: folder)
        let record = EvaluationRecord(
            command: command, score: score, createdAt: Int(Date().timeIntervalSince1970))
        try catalog.addEvaluation(record, to: version.id)
        return EvaluationResult(
            version: VersionSummary(try catalog.version(id: version.id) ?? version), evaluation: Evaluation(record))
    }
}

/// A user's command that prints a score.
struct ScoreCommand: Sendable {
    let command: String

    /// - Returns: the last number on the command's standard output.
    func run(on folder: String) async throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command, "sh", folder]
        process.environment = ProcessInfo.processInfo.environment.merging(["DELTAIC_MODEL": folder]) { _, new in new }
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw DeltaicError(
                .evaluationFailed, "the command cannot be started: \(error.localizedDescription)", at: [command])
        }
        let id = process.processIdentifier
        let text = await withTaskCancellationHandler {
            await Task.detached { String(decoding: Self.tail(of: output.fileHandleForReading), as: UTF8.self) }.value
        } onCancel: {
            kill(id, SIGTERM)
        }
        process.waitUntilExit()
        try Task.checkCancellation()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw DeltaicError(
                .evaluationFailed, "the command failed", at: [command], expected: "exit status 0",
                found: process.terminationReason == .exit
                    ? "\(process.terminationStatus)" : "signal \(process.terminationStatus)")
        }
        guard let score = Self.lastNumber(in: text) else {
            throw DeltaicError(
                .evaluationFailed, "the command printed no number", at: [command],
                expected: "the score as the last number on standard output")
        }
        return score
    }

    /// The last bytes that a file gives: a command may print a lot, and only its last number counts.
    private static func tail(of file: FileHandle) -> Data {
        let limit = 1 << 16
        var tail = Data()
        while let more = try? file.read(upToCount: limit), !more.isEmpty {
            tail.append(more)
            if tail.count > 2 * limit { tail = Data(tail.suffix(limit)) }
        }
        return tail
    }

    static func lastNumber(in text: String) -> Double? {
        let words = text.split { $0.isWhitespace || "=:,;()[]{}\"'%".contains($0) }
        return words.reversed().lazy.compactMap { Double($0) }.first { $0.isFinite }
    }
}
