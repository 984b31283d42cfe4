internal import DeltaicCore
internal import Registry

/// Collections of garbage that people ask for, one at a time.
actor GarbageCollections {
    private let registry: ModelRegistry
    private var running: Task<GarbageReport, any Error>?

    init(registry: ModelRegistry) {
        self.registry = registry
    }

    var isRunning: Bool { running != nil }

    /// Begins a collection, or joins the one that runs.
    ///
    /// - Returns: nil if it takes longer than `patience`; it goes on.
    func collect(patience: Duration) async throws -> GarbageReport? {
        let task = running ?? begin()
        return try await withThrowingTaskGroup(of: GarbageReport?.self) { group in
            group.addTask { try await task.value }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func begin() -> Task<GarbageReport, any Error> {
        let task = Task { [registry] in
            defer { end() }
            return try await registry.collectGarbage()
        }
        running = task
        return task
    }

    private func end() { running = nil }
}
