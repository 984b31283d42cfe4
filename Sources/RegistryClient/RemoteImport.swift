public import DeltaicCore
internal import Foundation
internal import NIOHTTP1

/// An import that another registry's server does by itself.
public struct RemoteImport: Sendable, Codable {
    public let id: String
    public let model: String
    public let from: String
    public let revision: String
    public let name: String
    /// `running`, `done` or `failed`.
    public let state: String
    public let stage: String
    public let doneBytes: Int
    public let totalBytes: Int
    /// The version that it became.
    public let version: String?
    public let downloadedBytes: Int?
    public let error: String?
}

extension RemoteRegistry {
    private struct Request: Encodable {
        let model: String
        let from: String
        let revision: String
        let name: String?
        let base: String?
        let task: String?
    }

    /// Has the server import a model, and waits until it has; a client that leaves does not end it.
    ///
    /// - Throws: what the server refuses, or `.remoteImportFailed`.
    public func importModel(_ asked: HubImport, progress: any ProgressReport) async throws -> RemoteImport {
        var job: RemoteImport = try await connection.json(
            .POST, "/v1/imports",
            body: Request(
                model: "\(asked.model)", from: asked.url, revision: asked.revision, name: asked.name.map { "\($0)" },
                base: asked.base.map { "\($0)" }, task: asked.task))
        var shown = (stage: "", done: 0)
        defer { if !shown.stage.isEmpty { progress.end() } }
        while job.state == "running" {
            if job.stage != shown.stage {
                if !shown.stage.isEmpty { progress.end() }
                progress.begin(job.stage, totalBytes: job.totalBytes)
                shown = (job.stage, 0)
            }
            progress.advance(max(0, job.doneBytes - shown.done))
            shown.done = max(shown.done, job.doneBytes)
            try await Task.sleep(for: .milliseconds(500))
            job = try await connection.json(.GET, "/v1/imports/\(URLText.part(job.id))")
        }
        guard job.state == "done" else {
            throw DeltaicError(
                .remoteImportFailed, "the server could not import the model: \(job.error ?? "it does not say why")",
                at: [name, job.model])
        }
        return job
    }
}
