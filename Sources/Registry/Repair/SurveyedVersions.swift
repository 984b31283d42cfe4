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
    private(set) var problems: [String] = []

    private struct Identity: Hashable {
        var commit: GitObjectID
        var number: Int
    }

    /// - Parameter isComplete: whether the journal tells of everything, so that what it does not name was never registered.
    init(_ survey: PackSurvey, history: RegistryHistory, isComplete: Bool) {
        var byCommit: [Identity: [PackSurvey.Found]] = [:]
        for pack in survey.found.values {
            guard let manifest = pack.manifest else { continue }
            byCommit[Identity(commit: manifest.commit, number: manifest.number), default: []].append(pack)
        }
        var named: Set<Identity> = []
        for (name, model) in history.models {
            for (number, version) in model.versions {
                let identity = Identity(commit: version.commit, number: number)
                named.insert(identity)
                // The pack that the journal names, else the newest that tells of the version.
                let packs = (byCommit[identity] ?? []).sorted { Self.precedes($0, $1, preferred: version.pack) }
                guard let pack = packs.first, let manifest = pack.manifest else {
                    let reason = version.pack.flatMap { survey.damaged[$0] }
                    lost["\(name)@v\(number)"] =
                        reason ?? "its pack is missing" + (version.pack.map { " (\($0.hex))" } ?? "")
                    continue
                }
                versions.append(
                    SurveyedVersion(model: name, number: number, pack: pack, manifest: manifest, history: version))
            }
        }
        if !isComplete { addUnnamed(byCommit.filter { !named.contains($0.key) }, history) }
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

    private static func precedes(_ left: PackSurvey.Found, _ right: PackSurvey.Found, preferred: Digest?) -> Bool {
        if left.id == preferred || right.id == preferred { return left.id == preferred }
        let rewrites = (left.manifest?.rewrite ?? 0, right.manifest?.rewrite ?? 0)
        return rewrites.0 != rewrites.1 ? rewrites.0 > rewrites.1 : left.id < right.id
    }

    /// Adds versions that only their packs tell of.
    private mutating func addUnnamed(_ packs: [Identity: [PackSurvey.Found]], _ history: RegistryHistory) {
        let candidates = packs.values.compactMap { packs in
            packs.min { Self.precedes($0, $1, preferred: nil) }
        }.sorted { left, right in
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
            guard taken.insert(reference).inserted else {
                problems.append("\(reference) is there twice; commit \(manifest.commit) is left out")
                continue
            }
            versions.append(
                SurveyedVersion(
                    model: manifest.model, number: manifest.number, pack: pack, manifest: manifest, history: nil))
        }
    }
}
