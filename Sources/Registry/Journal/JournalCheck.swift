internal import Catalog
internal import DeltaicCore

/// Compares the journal with the catalog: each has all that no pack tells.
struct JournalCheck {
    let registry: ModelRegistry
    private static let attempts = 20

    /// What is wrong, one sentence each, and how many events are only in the catalog.
    ///
    /// - Throws: `.ioFailure` if the system cannot read the journal.
    func run() throws -> (problems: [String], lag: Int) {
        let journal = registry.directory.journal
        // Others may change the registry meanwhile: the journal is read before the catalog, and events that went from the one to the
        // other in between are looked for again.
        for _ in 0..<Self.attempts {
            let contents = try journal.read()
            guard contents.problems.isEmpty else {
                return (contents.problems.map { $0 + " (`deltaic repair` writes it anew)" }, 0)
            }
            let state = try registry.catalog.state(after: contents.last)
            let lag = state.last - contents.last
            guard lag >= 0 else {
                return (["the catalog has lost its last changes, of which the journal tells; run `deltaic rebuild`"], 0)
            }
            // It was never begun, and nothing is missing: a crash came first, or a registry of an older Deltaic has not changed since.
            if contents.last == 0, state.events.first?.sequence == 1 || lag == 0 { return ([], lag) }
            if contents.last == 0 {
                return (["\(journal.path): the journal is missing, or empty (`deltaic repair` writes it anew)"], lag)
            }
            guard lag == 0 || state.events.first?.sequence == contents.last + 1 else { continue }
            let told = RegistryHistory(contents.events + state.events)
            let differences = told.differences(from: RegistryHistory(state.snapshot))
            return (
                told.problems.map { "\(journal.path): " + $0 }
                    + differences.map { "catalog and journal differ in \($0)" }, lag
            )
        }
        return (
            [
                "\(journal.path): the journal lacks events that the catalog has let go of "
                    + "(`deltaic repair` writes it anew)"
            ], 0
        )
    }
}
