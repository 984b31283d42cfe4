internal import DeltaicCore
internal import Registry

/// A registry, here or elsewhere, as plans see it.
struct RegistrySide: Sendable {
    /// As users read it.
    let name: String
    let history: @Sendable (ModelName) async throws -> TransferHistory

    static func local(_ registry: ModelRegistry) -> RegistrySide {
        RegistrySide(name: "this registry") { try registry.transferHistory(of: $0) }
    }

    static func remote(_ remote: RemoteRegistry) -> RegistrySide {
        RegistrySide(name: remote.name) { try await remote.history(of: $0) }
    }
}

/// A version of a model.
struct PlannedVersion: Sendable {
    let model: String
    let isBase: Bool
    let version: TransferVersion

    var reference: String { "\(model)@v\(version.number)" }
}

/// Which versions move from one registry to another, in order: bases first, older ones first.
struct TransferPlan {
    let source: RegistrySide
    let target: RegistrySide
    /// Whether the target is the registry of this process: errors say "there" of the other one.
    let targetIsHere: Bool
    private(set) var versions: [PlannedVersion] = []
    private var planned: Set<String> = []

    init(from source: RegistrySide, to target: RegistrySide, targetIsHere: Bool) {
        self.source = source
        self.target = target
        self.targetIsHere = targetIsHere
    }

    /// Plans a version, those before it that the target lacks, and the bases of all of them.
    ///
    /// - Throws: `.diverged`, `.missingBase`, `.nameTaken` or `.versionExists` if one of them does not fit: nothing has moved then.
    mutating func add(_ model: ModelName, upTo number: Int) async throws {
        try await add(model, upTo: number, depth: 0)
    }

    private mutating func add(_ model: ModelName, upTo number: Int, depth: Int) async throws {
        // A base has no base: more is nothing that a registry of ours says.
        guard depth < 4 else {
            throw DeltaicError(.badAnswer, "bases are deltas of bases in \(source.name)", at: ["\(model)"])
        }
        let from = try await source.history(model)
        let to = try await target.history(model)
        if !from.versions.isEmpty, !to.versions.isEmpty, from.isBase != to.isBase {
            throw DeltaicError(
                .kindDiffers,
                "\(model) is a \(from.isBase ? "base" : "model") in \(source.name), and a "
                    + "\(to.isBase ? "base" : "model") in \(target.name)",
                advice: "register one of them under another name")
        }
        for version in from.versions.sorted(by: { $0.number < $1.number }) where version.number <= number {
            let reference = "\(model)@v\(version.number)"
            guard !planned.contains(reference) else { continue }
            if let other = to.version(version.number) {
                let isSame = other.commit == version.commit || from.isBase && other.tree == version.tree
                if isSame { continue }
                throw diverged(reference, source: version.commit, target: other.commit)
            }
            guard version.number > to.lastNumber else {
                guard version.number == number else { continue }
                throw DeltaicError(
                    .numberUsed,
                    "\(reference) is no longer in \(target.name), where versions went up to v\(to.lastNumber): numbers are not used again",
                    advice: "register the files as a new version")
            }
            if let old = version.registeredAs {
                throw DeltaicError(
                    .unsupported,
                    "\(reference) was registered as \(old)@v\(version.number), and its manifest says so: it cannot move under another name",
                    advice: "rename the model back, or register its files anew")
            }
            if let base = version.base { try await add(base, of: reference, depth: depth) }
            planned.insert(reference)
            versions.append(PlannedVersion(model: "\(model)", isBase: from.isBase, version: version))
        }
    }

    private mutating func add(_ base: TransferVersion.Base, of reference: String, depth: Int) async throws {
        let model = try ModelName(base.model)
        let there = try await target.history(model)
        if let other = there.version(base.number) {
            guard there.isBase, other.tree == base.tree else {
                throw DeltaicError.otherBase(
                    reference, base: "\(model)@v\(base.number)", there: targetIsHere ? base.tree : other.tree,
                    here: targetIsHere ? other.tree : base.tree)
            }
            return
        }
        try await add(model, upTo: base.number, depth: depth + 1)
    }

    private func diverged(_ reference: String, source: GitObjectID, target: GitObjectID) -> DeltaicError {
        DeltaicError.diverged(
            reference, there: targetIsHere ? source : target, here: targetIsHere ? target : source,
            by: targetIsHere ? self.source.name : self.target.name)
    }
}
