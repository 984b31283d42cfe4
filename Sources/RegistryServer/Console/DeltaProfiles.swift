internal import DeltaicCore
internal import Registry

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
