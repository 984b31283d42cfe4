public import DeltaicCore
public import Registry

/// Fetches a version from another registry, with the versions before it and the bases that are not here.
public struct PullVersionFromRemote: Sendable {
    let registry: ModelRegistry
    let remote: RemoteRegistry
    let progress: any ProgressReport

    public init(
        from remote: RemoteRegistry, to registry: ModelRegistry, progress: any ProgressReport = SilentProgress()
    ) {
        self.registry = registry
        self.remote = remote
        self.progress = progress
    }

    /// - Throws: `.diverged`, `.missingBase` and other conflicts before anything moves; what the server says.
    public func run(_ reference: VersionReference) async throws -> TransferReport {
        let before = remote.connection.traffic
        let wanted = try await remote.history(of: reference.model).version(reference.selector, in: remote.name)
        var plan = TransferPlan(from: .remote(remote), to: .local(registry), targetIsHere: true)
        try await plan.add(reference.model, upTo: wanted.number)
        var moved: [MovedVersion] = []
        for planned in plan.versions { moved.append(try await fetch(planned)) }
        var tags: [TransferredTag] = []
        for model in Set(plan.versions.map(\.model) + ["\(reference.model)"]).sorted() {
            var numbers = Set(plan.versions.filter { $0.model == model }.map(\.version.number))
            if model == "\(reference.model)" { numbers.insert(wanted.number) }
            tags += try await copyTags(of: try ModelName(model), numbers: numbers)
        }
        let traffic = remote.connection.traffic
        return TransferReport(
            reference: "\(reference.model)@v\(wanted.number)", remote: remote.name, versions: moved, tags: tags,
            sentBytes: traffic.sent - before.sent, receivedBytes: traffic.received - before.received)
    }

    func copyTags(of model: ModelName, numbers: Set<Int>) async throws -> [TransferredTag] {
        try await TagTransfer(from: .remote(remote), to: .local(registry)).run(model, numbers: numbers) { tag, number in
            let reference = VersionReference(model: model, selector: .number(number))
            _ = try await registry.tag(reference, as: tag)
        }
    }

    func fetch(_ planned: PlannedVersion) async throws -> MovedVersion {
        try await naming(planned.reference) {
            do {
                return try await attempt(planned)
            } catch let error as DeltaicError where ["refusedTransfer", "unknownContent"].contains(error.code.word) {
                // What an earlier attempt had fetched may be damaged, or the server has made room meanwhile.
                return try await attempt(planned)
            }
        }
    }

    private func attempt(_ planned: PlannedVersion) async throws -> MovedVersion {
        let closure = try await remote.closure(of: planned.model, planned.version.number)
        let lacking = Set(try registry.lacking(closure.objects.map(\.sha256)))
        let pack = try await remote.makePack(
            of: planned.model, planned.version.number, objects: closure.needed(lacking: lacking))
        var incoming = try registry.incomingPack(pack.id)
        if incoming.received > pack.byteCount {
            incoming.discard()
            incoming = try registry.incomingPack(pack.id)
        }
        let before = incoming.received
        progress.begin("pulling \(planned.reference)", totalBytes: pack.byteCount)
        progress.advance(before)
        do {
            defer { progress.end() }
            try await remote.fetch(pack, into: incoming, progress: progress)
        }
        let result = try await registry.importVersion(
            from: incoming, baseTree: closure.version.base?.tree, isBase: planned.isBase)
        // The server may name one version and send another, which is then registered under its own name.
        guard result.version.model == planned.model, result.version.number == planned.version.number else {
            throw DeltaicError(
                .badAnswer, "the server sent another version than was asked for", at: [remote.name],
                expected: planned.reference, found: result.version.reference)
        }
        let contents = closure.objects.prefix(max(0, closure.contentCount))
        return MovedVersion(
            model: planned.model, number: planned.version.number, commit: result.version.commit,
            packBytes: pack.byteCount, movedBytes: pack.byteCount - before, objects: contents.count,
            knownObjects: contents.count { !lacking.contains($0.sha256) })
    }
}
