internal import DeltaicCore
internal import Foundation
internal import Logging
internal import Registry
internal import ServiceLifecycle
internal import Synchronization

/// Compresses what clients pushed, one version at a time, in the background; begins with what was left when the server stopped.
final class Compressor: Service {
    /// How often it looks without being woken: for pushes through another server, and for those that failed.
    private static let interval = Duration.seconds(60)
    private static let longestDelay = 3600.0

    private let registry: ModelRegistry
    private let content: ContentService
    private let rules: BaseRules
    private let logger: Logger
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    /// When versions that failed are tried again.
    private let retries = Mutex<[String: Date]>([:])
    private let working = Mutex<String?>(nil)

    init(registry: ModelRegistry, content: ContentService, rules: BaseRules, logger: Logger) {
        self.registry = registry
        self.content = content
        self.rules = rules
        self.logger = logger
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Something was pushed.
    func wake() { waker.yield() }

    /// Tries what failed at once, instead of when its time has come.
    func retryNow() {
        retries.withLock { $0 = [:] }
        wake()
    }

    /// The version that is being compressed, as `name@v1`.
    var current: String? { working.withLock { $0 } }

    func run() async throws {
        guard !registry.isReadOnly else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { await self.work() }
    }

    private func work() async {
        let timer = Task { [waker] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                waker.yield()
            }
        }
        defer { timer.cancel() }
        await compressAll()
        for await _ in wakes {
            guard !Task.isCancelled else { return }
            await compressAll()
        }
    }

    /// Compresses what is pending and due.
    private func compressAll() async {
        let pending: [PendingListing]
        do {
            pending = try registry.pendingVersions()
        } catch {
            logger.error("the pending versions cannot be listed", metadata: ["error": "\(error)"])
            return
        }
        for version in pending where isDue(version) {
            guard !Task.isCancelled else { return }
            await compress(version)
        }
    }

    private func compress(_ pending: PendingListing) async {
        let started = ContinuousClock.now
        working.withLock { $0 = pending.version }
        defer { working.withLock { $0 = nil } }
        do {
            let report = try await registry.compress(try VersionReference(pending.version), rules: rules)
            content.closeRemoved()
            logger.info(
                "compressed",
                metadata: [
                    "version": "\(pending.version)", "base": "\(report.version.base ?? "none")",
                    "bytes": "\(pending.rawBytes)", "stored": "\(report.storedBytes)",
                    "seconds": "\((ContinuousClock.now - started).components.seconds)",
                ])
            await deleteReplaced()
        } catch is CancellationError {
            return
        } catch let error as DeltaicError where error.code.category == .notFound {
            // Removed meanwhile.
            logger.info("not compressed", metadata: ["version": "\(pending.version)", "reason": "\(error)"])
        } catch {
            let delay = min(Self.longestDelay, 30 * pow(2, Double(min(pending.attempts, 10))))
            retries.withLock { $0[pending.version] = Date().addingTimeInterval(delay) }
            logger.error(
                "a version could not be compressed; it stays as it was sent",
                metadata: ["version": "\(pending.version)", "error": "\(error)", "retry": "in \(Int(delay)) s"])
        }
    }

    /// What readers still know goes with the next collection of garbage.
    private func deleteReplaced() async {
        do {
            _ = try await registry.deleteReplaced()
        } catch is CancellationError {
            return
        } catch {
            logger.error("what was compressed could not be deleted", metadata: ["error": "\(error)"])
        }
    }

    private func isDue(_ version: PendingListing) -> Bool {
        retries.withLock { retries in
            guard let time = retries[version.version] else { return true }
            guard time <= Date() else { return false }
            retries[version.version] = nil
            return true
        }
    }
}
