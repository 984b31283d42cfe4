internal import Catalog
internal import DeltaicCore
internal import PackFormat

/// A version that is to be in a catalog that is made anew, and the pack that tells of it.
struct SurveyedVersion: Sendable {
    /// The name that its model has now.
    var model: String
    var number: Int
    var pack: PackSurvey.Found
    var manifest: VersionManifest
    var history: RegistryHistory.Version?

    var reference: String { "\(model)@v\(number)" }
}

/// Finds the version that a manifest names as its base: by the name that its model had then, and its number.
///
/// Its commit may be another, where the fine-tune came from another registry that has the same files as its base.
struct BaseRows {
    private var byName: [String: [SurveyedVersion]] = [:]
    private var byCommit: [GitObjectID: SurveyedVersion] = [:]

    init(_ versions: [SurveyedVersion]) {
        for version in versions {
            for name in Set([version.manifest.model, version.model]) {
                byName["\(name)@v\(version.number)", default: []].append(version)
            }
            byCommit[version.manifest.commit] = version
        }
    }

    /// The base as it is called now; nil if it is not there.
    func reference(of base: VersionManifest.Base) -> String? {
        let named = byName["\(base.model)@v\(base.number)"] ?? []
        let found = named.first { $0.manifest.commit == base.commit } ?? named.first ?? byCommit[base.commit]
        return found?.reference
    }
}

/// Which versions there are, from the journal, and from the manifests where that has gaps.
struct SurveyedVersions {
    private(set) var versions: [SurveyedVersion] = []
    /// Versions of which the journal tells and whose pack is gone or damaged, with what is wrong.
    private(set) var lost: [String: String] = [:]
    /// Packs that tell of a version which is not among them, and of which nothing says that it was removed: perhaps all that is left
    /// of it.
    private(set) var unclear: [(pack: PackSurvey.Found, problem: String)] = []

    /// What packs of one version have in common, however often it was written anew.
    ///
    /// Models may have the same first commit.
    private struct Identity: Hashable {
        /// The name that the model had when the version was registered.
        var model: String
        var number: Int
        var commit: GitObjectID

        init(_ manifest: VersionManifest) {
            model = manifest.model
            number = manifest.number
            commit = manifest.commit
        }
    }

    /// - Parameters:
    ///   - isComplete: whether the journal has no gaps, so that what it does not name was never registered before its end.
    ///   - end: the time of the journal's last event; what was registered later it cannot name.
    init(_ survey: PackSurvey, history: RegistryHistory, isComplete: Bool, end: Int) {
        var byIdentity: [Identity: [PackSurvey.Found]] = [:]
        var byCommit: [GitObjectID: [PackSurvey.Found]] = [:]
        for pack in survey.found.values {
            guard let manifest = pack.manifest else { continue }
            byIdentity[Identity(manifest), default: []].append(pack)
            byCommit[manifest.commit, default: []].append(pack)
        }
        for (name, model) in history.models {
            for (number, version) in model.versions {
                // The pack that the journal names, else the newest that tells of the version.
                let packs = (byCommit[version.commit] ?? []).filter { $0.manifest?.number == number }
                    .sorted { Self.precedes($0, $1, preferred: version.pack, model: name) }
                guard let pack = packs.first, let manifest = pack.manifest else {
                    let reason = version.pack.flatMap { survey.damaged[$0] }
                    lost["\(name)@v\(number)"] =
                        reason ?? "its pack is missing" + (version.pack.map { " (\($0.hex))" } ?? "")
                    continue
                }
                byIdentity[Identity(manifest)] = nil
                versions.append(
                    SurveyedVersion(model: name, number: number, pack: pack, manifest: manifest, history: version))
            }
        }
        let unnamed = byIdentity.values.compactMap { packs in
            packs.filter { !history.garbage.contains($0.id) }.min {
                Self.precedes($0, $1, preferred: nil, model: $0.manifest?.model ?? "")
            }
        }
        addUnnamed(unnamed, history, from: isComplete ? end : .min)
        addUnclearBases()
        versions.sort { left, right in
            let orders = (left.history?.order ?? .max, right.history?.order ?? .max)
            if orders.0 != orders.1 { return orders.0 < orders.1 }
            let times = (left.manifest.createdAt, right.manifest.createdAt)
            return times.0 != times.1 ? times.0 < times.1 : (left.model, left.number) < (right.model, right.number)
        }
        sortNumbers()
    }

    /// Puts the versions of each model into the order of their numbers, in the places that they have.
    private mutating func sortNumbers() {
        var places: [String: [Int]] = [:]
        for (place, version) in versions.enumerated() { places[version.model, default: []].append(place) }
        for places in places.values {
            let sorted = places.map { versions[$0] }.sorted { $0.number < $1.number }
            for (place, version) in zip(places, sorted) { versions[place] = version }
        }
    }

    private static func precedes(
        _ left: PackSurvey.Found, _ right: PackSurvey.Found, preferred: Digest?, model: String
    ) -> Bool {
        if left.id == preferred || right.id == preferred { return left.id == preferred }
        let isNamed = (left.manifest?.model == model, right.manifest?.model == model)
        if isNamed.0 != isNamed.1 { return isNamed.0 }
        let rewrites = (left.manifest?.rewrite ?? 0, right.manifest?.rewrite ?? 0)
        return rewrites.0 != rewrites.1 ? rewrites.0 > rewrites.1 : left.id < right.id
    }

    /// Adds versions that only their packs tell of.
    ///
    /// - Parameter time: what was registered earlier is left out.
    private mutating func addUnnamed(_ packs: [PackSurvey.Found], _ history: RegistryHistory, from time: Int) {
        let candidates = packs.sorted { left, right in
            // The newer one; of one second, not that with which a model is made, which has a file only.
            let (first, second) = (left.manifest, right.manifest)
            let times = (first?.createdAt ?? 0, second?.createdAt ?? 0)
            let files = (first?.files.count ?? 0, second?.files.count ?? 0)
            if times.0 != times.1 { return times.0 > times.1 }
            return files.0 != files.1 ? files.0 > files.1 : left.id < right.id
        }
        var taken = Set(versions.map(\.reference))
        for pack in candidates {
            guard let manifest = pack.manifest,
                !history.removed.contains(.init(model: manifest.model, commit: manifest.commit))
            else { continue }
            let reference = "\(manifest.model)@v\(manifest.number)"
            // What came from another registry was made before it was written here.
            guard max(manifest.createdAt, pack.writtenAt) >= time else {
                unclear.append((pack, "the journal does not name \(reference), of which pack \(pack.id.short) tells"))
                continue
            }
            guard taken.insert(reference).inserted else {
                unclear.append(
                    (
                        pack,
                        "\(reference) is there twice; commit \(manifest.commit) in pack \(pack.id.short) is left out"
                    ))
                continue
            }
            versions.append(
                SurveyedVersion(
                    model: manifest.model, number: manifest.number, pack: pack, manifest: manifest, history: nil))
        }
    }

    /// Adds versions of which the journal should tell and does not, where others are deltas of them.
    private mutating func addUnclearBases() {
        while true {
            let rows = BaseRows(versions)
            let missing = versions.compactMap(\.manifest.base).filter { rows.reference(of: $0) == nil }
            let index = unclear.firstIndex { pack, _ in
                missing.contains { $0.commit == pack.manifest?.commit && $0.number == pack.manifest?.number }
            }
            guard let index, let manifest = unclear[index].pack.manifest,
                !versions.contains(where: { $0.reference == "\(manifest.model)@v\(manifest.number)" })
            else { return }
            versions.append(
                SurveyedVersion(
                    model: manifest.model, number: manifest.number, pack: unclear.remove(at: index).pack,
                    manifest: manifest, history: nil))
        }
    }
}
