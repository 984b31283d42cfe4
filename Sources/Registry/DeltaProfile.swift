internal import Catalog
public import DeltaicCore
internal import Foundation

/// How the weights of a version differ from those of its base: where the delta lives.
public struct DeltaProfile: Sendable, Codable {
    /// `name@v1`.
    public let base: String
    /// Of the version, in the order of its files; its base's are left, its own right.
    public let tensors: [VersionComparison.Tensor]
    /// The changes by their size, for each class of tensors that has any.
    public let histograms: [DeltaHistogram]
}

extension ModelRegistry {
    /// How a version differs from its base, if that was measured before; nil if it was not, or if it has no base.
    /// - Throws: a `notFound` error that says what there is.
    public func knownProfile(of reference: VersionReference) throws -> DeltaProfile? {
        let version = try catalog.version(reference)
        guard let base = try version.baseVersion.flatMap({ try catalog.version(id: $0) }) else { return nil }
        return try knownProfile(of: version, against: base)
    }

    /// How a version differs from its base: nil if it has none.
    ///
    /// Both are decoded for it once; it is kept in the catalog then, unless the registry is open for reading only.
    /// - Throws: a `notFound` error that says what there is, or a damage code.
    public func profile(of reference: VersionReference) async throws -> DeltaProfile? {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let version = try catalog.version(reference)
        guard let base = try version.baseVersion.flatMap({ try catalog.version(id: $0) }) else { return nil }
        if let known = try knownProfile(of: version, against: base) { return known }
        let profile = try await naming(version.reference) {
            let partners = PartnerSelection(baseTensors: try catalog.tensorsByName(of: base.id))
            let changes = try await changes(
                try catalog.files(of: version.id).flatMap(\.tensors).map { tensor in
                    (partners.partner(name: tensor.name, type: tensor.type, shape: tensor.shape), tensor)
                }, storedIn: try catalog.pack(of: version.id)?.id)
            return DeltaProfile(base: base.reference, tensors: changes.tensors, histograms: changes.histograms)
        }
        if !isReadOnly { keep(profile, of: version, against: base) }
        return profile
    }

    /// What cannot be kept now is measured again when somebody asks again.
    private func keep(_ profile: DeltaProfile, of version: VersionRecord, against base: VersionRecord) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try catalog.keepProfile(
                String(decoding: try encoder.encode(profile), as: UTF8.self), of: version.id, against: base.commit)
        } catch {
            warn("how \(version.reference) differs from its base was measured, and could not be kept: \(error)")
        }
    }

    /// One that this code cannot read is measured anew.
    private func knownProfile(of version: VersionRecord, against base: VersionRecord) throws -> DeltaProfile? {
        guard let json = try catalog.profile(of: version.id, against: base.commit),
            let known = try? JSONDecoder().decode(DeltaProfile.self, from: Data(json.utf8))
        else { return nil }
        return DeltaProfile(base: base.reference, tensors: known.tensors, histograms: known.histograms)
    }
}
