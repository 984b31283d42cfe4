internal import DeltaicCore
internal import Logging
internal import Registry
internal import ServiceLifecycle

/// Deletes what nothing needs, now and then, as long as the server runs.
struct GarbageCollector: Service {
    private static let interval = Duration.seconds(3600)

    let registry: ModelRegistry
    let content: ContentService
    let logger: Logger

    func run() async throws {
        guard !registry.isReadOnly else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            // Not at once: who starts a server may be looking for what went wrong.
            while (try? await Task.sleep(for: Self.interval)) != nil { await collect() }
        }
    }

    private func collect() async {
        do {
            // Versions that are kept open are not readers: their files stay until they are closed.
            let report = try await registry.collectGarbage()
            content.closeRemoved()
            guard !report.deleted.isEmpty || !report.repacked.isEmpty else { return }
            logger.info(
                "garbage collected",
                metadata: [
                    "packs": "\(report.deleted.count)", "bytes": "\(report.freedBytes)",
                    "repacked": "\(report.repacked.count)", "waiting": "\(report.waitingBytes)",
                ])
        } catch is CancellationError {
            return
        } catch {
            logger.error("garbage could not be collected", metadata: ["error": "\(error)"])
        }
    }
}
