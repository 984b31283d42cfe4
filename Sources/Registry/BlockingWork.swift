internal import Dispatch
internal import Synchronization

/// Runs what keeps a thread waiting, such as a sync of the disk, on a thread that no task needs.
public enum BlockingWork {
    private static let queue = DispatchQueue(label: "deltaic.blocking", attributes: .concurrent)

    public static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// As ``run(_:)``, for work that takes long.
    ///
    /// - Parameter body: gets a function that throws `CancellationError` once the task is cancelled.
    static func runCancellable<Result: Sendable>(
        _ body: @escaping @Sendable (_ checkCancellation: @Sendable () throws -> Void) throws -> Result
    ) async throws -> Result {
        let flag = Flag()
        return try await withTaskCancellationHandler {
            try await run {
                try body { if flag.isSet.load(ordering: .relaxed) { throw CancellationError() } }
            }
        } onCancel: {
            flag.isSet.store(true, ordering: .relaxed)
        }
    }

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }
}
