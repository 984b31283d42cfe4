public import DeltaicCore
public import Registry

/// What a sync did with one model.
public struct SyncedModel: Sendable, Codable {
    public let model: String
    public let isBase: Bool
    public let pulled: [MovedVersion]
    public let pushed: [MovedVersion]
    public let tags: [TransferredTag]
    /// Why it stayed as it was; nil if it is the same on both sides now.
    public let problem: String?

    public var movedBytes: Int { (pulled + pushed).reduce(0) { $0 + $1.movedBytes } }
}

/// What a sync did.
public struct SyncReport: Sendable, Codable {
    public let remote: String
    /// Bases first.
    public let models: [SyncedModel]
    /// Bodies of requests and answers, packs among them.
    public let sentBytes: Int
    public let receivedBytes: Int
}

/// Makes two registries have the same versions, as far as they have not diverged.
public struct SyncRegistries: Sendable {
    private let registry: ModelRegistry
    private let remote: RemoteRegistry
    private let progress: any ProgressReport

    public init(
        _ registry: ModelRegistry, with remote: RemoteRegistry, progress: any ProgressReport = SilentProgress()
    ) {
        self.registry = registry
        self.remote = remote
        self.progress = progress
    }

    /// Pulls what is missing here, and pushes what is missing there; a model that does not fit is told of and left out.
    ///
    /// - Parameter models: nil for all that one of the registries has.
    /// - Throws: `.unknownModel` if neither registry has a model that is named; what is no conflict of a model.
    public func run(_ models: [ModelName]? = nil) async throws -> SyncReport {
        let before = remote.connection.traffic
        var bases: [ModelName] = []
        var others: [ModelName] = []
        for model in try await names(models) {
            let histories = [try registry.transferHistory(of: model), try await remote.history(of: model)]
            guard histories.contains(where: { !$0.versions.isEmpty }) else {
                throw DeltaicError(.noSuchModel, "neither registry has a model or base \(model)")
            }
            if histories.contains(where: { !$0.versions.isEmpty && $0.isBase }) {
                bases.append(model)
            } else {
                others.append(model)
            }
        }
        var rows: [SyncedModel] = []
        for model in bases { rows.append(try await sync(model, isBase: true)) }
        for model in others { rows.append(try await sync(model, isBase: false)) }
        let traffic = remote.connection.traffic
        return SyncReport(
            remote: remote.name, models: rows, sentBytes: traffic.sent - before.sent,
            receivedBytes: traffic.received - before.received)
    }

    private func names(_ models: [ModelName]?) async throws -> [ModelName] {
        if let models { return models }
        let all = Set(try registry.list().map(\.latest.model) + (try await remote.models()))
        return try all.sorted().map { try ModelName($0) }
    }

    private func sync(_ model: ModelName, isBase: Bool) async throws -> SyncedModel {
        let here = RegistrySide.local(registry)
        let there = RegistrySide.remote(remote)
        let puller = PullVersionFromRemote(from: remote, to: registry, progress: progress)
        let pusher = PushVersion(from: registry, to: remote, progress: progress)
        var pulled: [MovedVersion] = []
        var pushed: [MovedVersion] = []
        var tags: [TransferredTag] = []
        var problem: String?
        do {
            // Both plans before anything moves.
            var pulls = TransferPlan(from: there, to: here, targetIsHere: true)
            if let newest = try await Self.newest(model, behind: there, and: here) {
                try await pulls.add(model, upTo: newest)
            }
            var pushes = TransferPlan(from: here, to: there, targetIsHere: false)
            if let newest = try await Self.newest(model, behind: here, and: there) {
                try await pushes.add(model, upTo: newest)
            }
            for planned in pulls.versions { pulled.append(try await puller.fetch(planned)) }
            for planned in pushes.versions { pushed.append(try await pusher.send(planned)) }
            tags += try await TagTransfer(from: there, to: here).run(model) { tag, number in
                let reference = VersionReference(model: model, selector: .number(number))
                _ = try await registry.tag(reference, as: tag)
            }
            tags += try await TagTransfer(from: here, to: there).run(model) {
                try await remote.setTag($0, of: "\(model)", $1)
            }
        } catch let error as DeltaicError where error.code.category == .conflict {
            problem = error.description
        }
        return SyncedModel(
            model: "\(model)", isBase: isBase, pulled: pulled, pushed: pushed, tags: Self.once(tags), problem: problem)
    }

    /// The newest version that can move; nil if there is none.
    ///
    /// A version whose number the other side has used and given up stays where it is: that is no conflict for a sync.
    private static func newest(
        _ model: ModelName, behind source: RegistrySide, and target: RegistrySide
    ) async throws -> Int? {
        let to = try await target.history(model)
        return try await source.history(model).versions.map(\.number).filter {
            $0 > to.lastNumber || to.version($0) != nil
        }.max()
    }

    /// A tag that names different versions on the two sides is seen from both.
    private static func once(_ tags: [TransferredTag]) -> [TransferredTag] {
        var seen: Set<String> = []
        return tags.filter { $0.outcome != .leftAlone || seen.insert($0.tag).inserted }
    }
}
