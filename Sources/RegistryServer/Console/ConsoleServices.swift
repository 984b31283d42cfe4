internal import DeltaicCore
internal import Logging
internal import Registry

/// What the pages of the console share.
struct ConsoleServices: Sendable {
    let sessions = ConsoleSessions()
    let profiles: DeltaProfiles
    let savings: SavingsSearch
    /// Collections of garbage that were asked for.
    let collections = LongWork<GarbageReport>()

    /// - Parameter permits: shared with what else decodes whole versions.
    init(registry: ModelRegistry, permits: Permits, logger: Logger) {
        profiles = DeltaProfiles(registry: registry, permits: permits)
        savings = SavingsSearch(registry: registry, logger: logger)
    }
}

/// How versions differ from their bases, measured when somebody looks.
struct DeltaProfiles: Sendable {
    private let registry: ModelRegistry
    private let findings: Findings<VersionReference, DeltaProfile?>

    init(registry: ModelRegistry, permits: Permits) {
        self.registry = registry
        findings = Findings(permits: permits, limit: 16 << 20) { profile in 400 * (profile?.tensors.count ?? 0) + 8192 }
    }

    /// Versions that are being measured, or wait for it.
    var pending: [VersionReference] { get async { await findings.pending } }

    /// - Parameters:
    ///   - version: by commit id.
    ///   - patience: how long to wait for it.
    func state(
        of version: VersionReference, patience: Duration
    ) async throws -> Findings<VersionReference, DeltaProfile?>.State {
        if let known = await findings.known(version) { return .known(known) }
        // What was measured before is in the catalog, whatever else is being measured now.
        if let kept = try registry.knownProfile(of: version) {
            await findings.keep(kept, for: version)
            return .known(kept)
        }
        return try await findings.state(of: version, patience: patience) { [registry] in
            try await registry.profile(of: version)
        }
    }
}
