internal import DeltaicCore
internal import Logging
internal import Registry
internal import RegistryPages

/// What the pages of the console share.
struct ConsoleServices: Sendable {
    let sessions: ConsoleSessions
    let profiles: DeltaProfiles
    let savings: SavingsSearch
    let cards = RenderedCards()
    /// How small text files of two versions differ.
    let texts: Findings<Comparisons.Pair, [ComparisonPage.ChangedText]>
    let collections: GarbageCollections

    /// - Parameter permits: shared with what else decodes whole versions.
    init(registry: ModelRegistry, permits: Permits, logger: Logger) {
        sessions = ConsoleSessions(path: registry.path)
        texts = Findings(permits: Permits(count: 1), limit: 16 << 20) { texts in
            texts.reduce(256) { $0 + 160 * $1.difference.lines.count }
        }
        collections = GarbageCollections(registry: registry)
        profiles = DeltaProfiles(registry: registry, permits: permits)
        savings = SavingsSearch(registry: registry, logger: logger)
    }
}
