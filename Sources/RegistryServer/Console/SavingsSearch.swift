internal import DeltaicCore
internal import Logging
internal import Registry

/// Looks for models that could be deltas of others, when somebody looks at what was found and that is no longer new.
actor SavingsSearch {
    private static let lifetime = Duration.seconds(600)

    private let search: PossibleSavings
    private let permits: Permits
    private let logger: Logger
    private var found: [PossibleSaving]?
    private var time = ContinuousClock.now
    private(set) var isRunning = false

    init(registry: ModelRegistry, permits: Permits, logger: Logger) {
        search = PossibleSavings(registry: registry)
        self.permits = permits
        self.logger = logger
    }

    /// What was found last; nil if nothing was looked for yet.
    func known() -> [PossibleSaving]? {
        if !isRunning, found == nil || ContinuousClock.now - time > Self.lifetime { begin() }
        return found
    }

    private func begin() {
        isRunning = true
        Task {
            let permit = await permits.take()
            defer { withExtendedLifetime(permit) {} }
            let result: Result<[PossibleSaving], any Error>
            do {
                result = .success(try await search.find())
            } catch {
                result = .failure(error)
            }
            end(result)
        }
    }

    private func end(_ result: Result<[PossibleSaving], any Error>) {
        isRunning = false
        time = .now
        switch result {
        case .success(let savings): found = savings
        case .failure(let error):
            logger.error("what could be saved was not found out", metadata: ["error": "\(error)"])
        }
    }
}
