internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import TensorFiles

/// What several lossy registrations of one model would store and cost.
public struct CodecComparison: Sendable, Codable {
    public struct Row: Sendable, Codable {
        public let codec: String
        /// The goal in words: `200x`.
        public let goal: String
        /// Nil if the codec cannot reach the goal.
        public let report: LossyReport?
        /// Why it cannot.
        public let failure: String?
        /// What the command said of the reconstructed model, or an earlier evaluation of a version with the same files.
        public let score: Double?
    }

    /// The command's score of the model as it is.
    public let originalScore: Double?
    public let rows: [Row]
}

extension ModelRegistry {
    /// Compresses a model with one request after the other and keeps nothing.
    ///
    /// - Parameters:
    ///   - requests: with the codec and the goal in words.
    ///   - command: run on the model and on each reconstruction, as ``evaluate(_:command:)`` does; nil for none.
    public func compareCodecs(
        _ path: String, as registration: Registration, requests: [(codec: String, goal: String, request: LossyRequest)],
        command: String? = nil
    ) async throws -> CodecComparison {
        let model = try ModelDirectory.open(path)
        var registration = registration
        // The same version for all rows: another process may add one meanwhile.
        registration.base = try baseVersion(registration).map { base in
            VersionReference(model: base.model, selector: .commit(base.commit.hex))
        }
        let scanned = try await InputScan(
            inputs: model.files.map(ScannedInput.init), workers: workers, progress: progress
        ).run()
        let scorer = command.map { ScoreCommand(command: $0) }
        let original = if let scorer { try await Self.score(model, with: scorer) } else { Double?.none }
        var rows: [CodecComparison.Row] = []
        for (codec, goal, request) in requests {
            registration.lossy = request
            do {
                let folder = try scorer.map { _ in try ScratchFolder() }
                defer { withExtendedLifetime(folder) {} }
                let preview = try await preview(scanned, as: registration) { files, reconstruction in
                    guard let folder else { return }
                    try await Self.write(files, reconstruction, to: folder.path)
                }
                // Commands take long, and nothing of the registry is locked meanwhile.
                let score = if let scorer, let folder { try await scorer.run(on: folder.path) } else { preview.score }
                rows.append(.init(codec: codec, goal: goal, report: preview.report, failure: nil, score: score))
            } catch let error as DeltaicError where error.code == .unreachable {
                rows.append(.init(codec: codec, goal: goal, report: nil, failure: error.summary, score: nil))
            }
        }
        return CodecComparison(originalScore: original, rows: rows)
    }

    /// The score of a model as it is, among the files that its reconstructions have.
    private static func score(_ model: ModelDirectory, with scorer: ScoreCommand) async throws -> Double {
        guard model.isSingleFile, let file = model.files.first else { return try await scorer.run(on: model.root) }
        // A copy: what lies beside the file is no part of the model.
        let folder = try ScratchFolder()
        defer { withExtendedLifetime(folder) {} }
        let source = try ReadOnlyFile(path: file.absolutePath)
        let copy = try DurableFile(path: folder.path + "/" + file.path)
        for start in stride(from: 0, to: source.size, by: copyLength) {
            try copy.write(try source.read(start..<min(start + copyLength, source.size)))
        }
        try copy.publish(synced: false)
        return try await scorer.run(on: folder.path)
    }

    private static let copyLength = 8 << 20

    /// Writes the files as they would be pulled.
    private static func write(
        _ files: [HashedFile], _ reconstruction: ReconstructedFiles, to folder: String
    ) async throws {
        for file in files {
            let path = folder + "/" + file.path
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            let target = try DurableFile(path: path)
            try await reconstruction.bytes(of: [file.head] + (file.tensors ?? [])) { try target.write($0) }
            try target.publish(synced: false)
        }
    }
}
