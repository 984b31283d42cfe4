internal import Dispatch

/// Runs what keeps a thread waiting, such as a sync of the disk, on a thread that no task needs.
public enum BlockingWork {
    private static let queue = DispatchQueue(label: "deltaic.blocking", attributes: .concurrent)

    public static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}
