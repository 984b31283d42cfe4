internal import DeltaicCore
internal import Logging
internal import Registry

/// Looks for models that could be deltas of others, when somebody looks at what was found and that is no longer new.
///
/// It may take minutes the first time, and holds nobody up: whoever wants to see two versions compared does not wait for it.
actor SavingsSearch {
    private static let lifetime = Duration.seconds(600)

    private let search: PossibleSavings
    private let logger: Logger
    private var found: [PossibleSaving]?
    private var time = ContinuousClock.now
    private(set) var isRunning = false

    init(registry: ModelRegistry, logger: Logger) {
        search = PossibleSavings(registry: registry)
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
            // Not again at every look.
            found = found ?? []
            logger.error("what could be saved was not found out", metadata: ["error": "\(error)"])
        }
    }
}
