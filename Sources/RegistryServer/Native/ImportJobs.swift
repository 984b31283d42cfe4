internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Logging
internal import Registry
internal import RegistryClient
internal import Synchronization

/// Imports that clients asked for, and how far each is.
///
/// A job is forgotten with the server; what it had downloaded is not: the same import goes on from there.
actor ImportJobs {
    /// A job as a client sees it.
    struct Job: Codable, Sendable {
        enum State: String, Codable, Sendable {
            case running, done, failed
        }

        let id: String
        /// What it is called there, where, and of what revision.
        let model: String
        let from: String
        let revision: String
        /// What it is called here.
        let name: String
        var state = State.running
        /// What is done now, and how much of it, in bytes.
        var stage = "waiting"
        var doneBytes = 0
        var totalBytes = 0
        /// The version that it became.
        var version: String?
        var downloadedBytes: Int?
        var error: String?
    }

    private struct Entry {
        var job: Job
        let progress: JobProgress
    }

    private static let atOnce = 2
    private static let mostRunning = 32
    private static let mostKept = 200

    private let permits = Permits(count: atOnce)
    private var entries: [Entry] = []

    /// Begins an import, or finds the one that runs already.
    ///
    /// - Parameter body: what is done; it gets what to tell of its progress.
    /// - Throws: `ServerError` 503 if too many run.
    func begin(
        _ job: Job, _ body: @escaping @Sendable (any ProgressReport) async throws -> HubImportResult
    ) throws -> Job {
        let same = entries.first {
            $0.job.state == .running && $0.job.model == job.model && $0.job.from == job.from
                && $0.job.revision == job.revision && $0.job.name == job.name
        }
        if let same { return shown(same) }
        guard entries.filter({ $0.job.state == .running }).count < Self.mostRunning else {
            throw ServerError(
                .serviceUnavailable, "\(Self.mostRunning) imports are under way", headers: [.retryAfter: "60"])
        }
        if entries.count >= Self.mostKept, let oldest = entries.firstIndex(where: { $0.job.state != .running }) {
            entries.remove(at: oldest)
        }
        let entry = Entry(job: job, progress: JobProgress())
        entries.append(entry)
        Task {
            let permit = await permits.take()
            defer { withExtendedLifetime(permit) {} }
            let result: Result<HubImportResult, any Error>
            do {
                result = .success(try await body(entry.progress))
            } catch {
                result = .failure(error)
            }
            end(job.id, result)
        }
        return shown(entry)
    }

    /// All jobs, the newest first.
    func all() -> [Job] { entries.reversed().map(shown) }

    func job(_ id: String) -> Job? { entries.first { $0.job.id == id }.map(shown) }

    private func shown(_ entry: Entry) -> Job {
        guard entry.job.state == .running else { return entry.job }
        var job = entry.job
        (job.stage, job.doneBytes, job.totalBytes) = entry.progress.figures
        return job
    }

    private func end(_ id: String, _ result: Result<HubImportResult, any Error>) {
        guard let position = entries.firstIndex(where: { $0.job.id == id }) else { return }
        switch result {
        case .success(let result):
            entries[position].job.state = .done
            entries[position].job.version = result.version.reference
            entries[position].job.downloadedBytes = result.downloadedBytes
        case .failure(let error):
            entries[position].job.state = .failed
            // Told as to any client: paths of the server's disk stay out of it.
            let told = (error as? DeltaicError).map { ServerError($0).message }
            entries[position].job.error = told ?? "the import failed; the server's log has more"
        }
        entries[position].job.stage = entries[position].job.state.rawValue
    }
}

/// What an import says of its progress.
private final class JobProgress: ProgressReport {
    private let state = Mutex((stage: "waiting", done: 0, total: 0))

    var figures: (String, Int, Int) { state.withLock { ($0.stage, $0.done, $0.total) } }

    func begin(_ stage: String, totalBytes: Int) { state.withLock { $0 = (stage, 0, totalBytes) } }
    func advance(_ bytes: Int) { state.withLock { $0.done += bytes } }
    func end() { state.withLock { $0 = ("registering", $0.total, $0.total) } }
}
