internal import Catalog
internal import DeltaicCore
internal import Foundation

/// What the journal's events make of a registry, one after the other: what packs alone do not tell.
struct RegistryHistory: Sendable, Equatable {
    struct Version: Sendable, Equatable {
        var commit: GitObjectID
        /// The pack that it wrote last.
        var pack: Digest?
        /// Whether files of it are stored as they were sent; with the namespace of who sent them.
        var pending: Pending?
        var evaluations: [Evaluation] = []
        /// By the SHA-256 of the public key.
        var signatures: [Digest: Signature] = [:]
        /// Its place among all versions.
        var order: Int
    }

    struct Pending: Sendable, Equatable {
        var namespace: String?
    }

    struct Evaluation: Sendable, Equatable {
        var command: String
        var score: Double
        var at: Int
    }

    struct Signature: Sendable, Equatable {
        var bundle: String
        var at: Int
    }

    struct Model: Sendable, Equatable {
        var isBase = false
        /// The highest number that was given.
        var lastNumber = 0
        /// By number.
        var versions: [Int: Version] = [:]
        /// The numbers of versions.
        var tags: [String: Int] = [:]
        var branches: [String: Int] = [:]
    }

    private(set) var models: [String: Model] = [:]
    /// Descriptions by name.
    private(set) var tasks: [String: String?] = [:]
    /// Access tokens by name.
    private(set) var tokens: [String: Token] = [:]
    /// Packs of one file each, as clients sent them.
    private(set) var uploads: Set<Digest> = []
    /// Packs that belong to no version: what they tell of is none.
    private(set) var garbage: Set<Digest> = []
    /// The commits of versions that were removed, with the names that their models had then.
    private(set) var removed: Set<RemovedVersion> = []
    /// What could not be understood, one sentence each.
    private(set) var problems: [String] = []
    private var versionCount = 0

    struct Token: Sendable, Equatable {
        /// Of the whole secret.
        var sha256: Digest
        var record: TokenRecord
    }

    struct RemovedVersion: Hashable, Sendable {
        var model: String
        var commit: GitObjectID
    }

    init() {}

    init(_ events: [CatalogEvent]) {
        for event in events { apply(event) }
    }

    /// Takes one more event; one that does not fit is among ``problems`` then.
    mutating func apply(_ line: CatalogEvent) {
        let event: JournalEvent
        do {
            event = try JournalEvent(json: line.json)
        } catch {
            problems.append("event \(line.sequence): \(error)")
            return
        }
        guard let kind = event.kind else { return }
        if !apply(kind, event) {
            problems.append("event \(line.sequence) (\(event.event)) does not fit those before it")
        }
    }

    private mutating func apply(_ kind: JournalEvent.Kind, _ event: JournalEvent) -> Bool {
        switch kind {
        case .snapshot:
            // What was removed before stays removed.
            let (removed, garbage) = (removed, garbage)
            self = RegistryHistory()
            (self.removed, self.garbage) = (removed, garbage)
            return true
        case .task:
            guard let name = event.name else { return false }
            tasks.updateValue(event.text, forKey: name)
            return true
        case .upload:
            guard let pack = event.pack else { return false }
            uploads.insert(pack)
            garbage.remove(pack)
            return true
        case .garbage:
            guard let pack = event.pack else { return false }
            uploads.remove(pack)
            garbage.insert(pack)
            return true
        case .token:
            guard let name = event.name, let key = event.key, let scope = event.text, let at = event.at else {
                return false
            }
            tokens[name] = Token(
                sha256: key,
                record: TokenRecord(
                    name: name, scope: scope, namespace: event.namespace, createdAt: at, expiresAt: event.expires))
            return true
        case .revoked:
            guard let name = event.name else { return false }
            tokens[name] = nil
            return true
        default:
            guard let model = event.model else { return false }
            return apply(kind, event, to: model)
        }
    }

    private mutating func apply(_ kind: JournalEvent.Kind, _ event: JournalEvent, to name: String) -> Bool {
        switch kind {
        case .version:
            guard let number = event.number, let commit = event.commit else { return false }
            versionCount += 1
            models[name, default: Model()].add(Version(commit: commit, order: versionCount), number, event.isBase)
            return true
        case .numbers:
            guard let number = event.number else { return false }
            models[name, default: Model()].lastNumber = number
            return true
        case .kind:
            guard let isBase = event.isBase else { return false }
            models[name]?.isBase = isBase
            return models[name] != nil
        case .renamed:
            guard let new = event.name, let model = models.removeValue(forKey: name) else { return false }
            models[new] = model
            return true
        case .untagged:
            guard let tag = event.name else { return false }
            models[name]?.tags[tag] = nil
            return true
        case .unbranched:
            guard let branch = event.name else { return false }
            models[name]?.branches[branch] = nil
            return true
        default:
            return applyToVersion(kind, event, of: name)
        }
    }

    private mutating func applyToVersion(_ kind: JournalEvent.Kind, _ event: JournalEvent, of name: String) -> Bool {
        guard let number = event.number, let commit = event.commit,
            models[name]?.versions[number]?.commit == commit
        else { return false }
        // In place: a model may have thousands of versions.
        switch kind {
        case .removed:
            removed.insert(RemovedVersion(model: name, commit: commit))
            models[name]?.remove(number)
            return true
        case .tag:
            guard let tag = event.name else { return false }
            models[name]?.tags[tag] = number
            return true
        case .branch:
            guard let branch = event.name else { return false }
            models[name]?.branches[branch] = number
            return true
        case .pack:
            if let pack = event.pack { garbage.remove(pack) }
            fallthrough
        default:
            return models[name]?.versions[number]?.apply(kind, event) ?? false
        }
    }
}

extension RegistryHistory.Model {
    fileprivate mutating func add(_ version: RegistryHistory.Version, _ number: Int, _ isBase: Bool?) {
        self.isBase = isBase ?? self.isBase
        lastNumber = max(lastNumber, number)
        versions[number] = version
    }

    fileprivate mutating func remove(_ number: Int) {
        versions[number] = nil
        for tag in tags where tag.value == number { tags[tag.key] = nil }
        for branch in branches where branch.value == number { branches[branch.key] = nil }
    }
}

extension RegistryHistory.Evaluation {
    fileprivate mutating func roundScore() {
        score = Double(String(format: "%.15g", score)) ?? score
    }
}

extension RegistryHistory.Version {
    /// - Returns: false if the event says too little, or is none of a version's own.
    fileprivate mutating func apply(_ kind: JournalEvent.Kind, _ event: JournalEvent) -> Bool {
        switch kind {
        case .pack: pack = event.pack
        case .pending: pending = .init(namespace: event.name)
        case .compressed: pending = nil
        case .evaluated:
            guard let command = event.text, let score = event.score, let at = event.at else { return false }
            evaluations.append(.init(command: command, score: score, at: at))
        case .signed:
            guard let key = event.key, let bundle = event.text, let at = event.at else { return false }
            signatures[key] = .init(bundle: bundle, at: at)
        case .unsigned:
            guard let key = event.key else { return false }
            signatures[key] = nil
        default: return false
        }
        return true
    }
}

extension RegistryHistory {
    /// In what another history differs from this one, one sentence each; the order of versions and what is said of uploads do not
    /// count.
    func differences(from other: RegistryHistory) -> [String] {
        var found: [String] = []
        for name in Set(models.keys).union(other.models.keys).sorted() {
            let left = models[name] ?? Model()
            let right = other.models[name] ?? Model()
            if left.isBase != right.isBase, !left.versions.isEmpty { found.append("\(name) is a base in one only") }
            if left.lastNumber != right.lastNumber { found.append("\(name) has other numbers") }
            for number in Set(left.versions.keys).union(right.versions.keys).sorted() {
                let versions = [left.versions[number], right.versions[number]].map { version -> Version? in
                    var version = version
                    version?.order = 0
                    // Journals of before have scores with 15 digits.
                    for index in version?.evaluations.indices ?? 0..<0 { version?.evaluations[index].roundScore() }
                    return version
                }
                if versions[0] != versions[1] { found.append("\(name)@v\(number)") }
            }
            for (kind, tags, others) in [("tag", left.tags, right.tags), ("branch", left.branches, right.branches)] {
                for tag in Set(tags.keys).union(others.keys).sorted() where tags[tag] != others[tag] {
                    found.append("the \(kind) \"\(tag)\" of \(name)")
                }
            }
        }
        for task in Set(tasks.keys).union(other.tasks.keys).sorted() where tasks[task] != other.tasks[task] {
            found.append("the task \"\(task)\"")
        }
        for token in Set(tokens.keys).union(other.tokens.keys).sorted() where tokens[token] != other.tokens[token] {
            found.append("the token \"\(token)\"")
        }
        return found
    }
}
