public import DeltaicCore
public import Registry

/// Sends a version to another registry, with the versions before it and the bases that are not there.
public struct PushVersion: Sendable {
    let registry: ModelRegistry
    let remote: RemoteRegistry
    let progress: any ProgressReport

    public init(
        from registry: ModelRegistry, to remote: RemoteRegistry, progress: any ProgressReport = SilentProgress()
    ) {
        self.registry = registry
        self.remote = remote
        self.progress = progress
    }

    /// - Parameter movesTags: whether tags of the version move that name another one there.
    /// - Throws: `.diverged`, `.missingBase` and other conflicts before anything is sent; what the server says.
    public func run(_ reference: VersionReference, movesTags: Bool = false) async throws -> TransferReport {
        let before = remote.connection.traffic
        let wanted = try registry.transferHistory(of: reference.model).version(reference.selector, in: "this registry")
        var plan = TransferPlan(from: .local(registry), to: .remote(remote), targetIsHere: false)
        try await plan.add(reference.model, upTo: wanted.number)
        var moved: [MovedVersion] = []
        for planned in plan.versions { moved.append(try await send(planned)) }
        var tags: [TransferredTag] = []
        for model in Set(plan.versions.map(\.model) + ["\(reference.model)"]).sorted() {
            var numbers = Set(plan.versions.filter { $0.model == model }.map(\.version.number))
            let isAsked = model == "\(reference.model)"
            if isAsked { numbers.insert(wanted.number) }
            tags += try await TagTransfer(from: .local(registry), to: .remote(remote)).run(
                try ModelName(model), numbers: numbers, moving: movesTags && isAsked ? [wanted.number] : []
            ) { try await remote.setTag($0, of: model, $1) }
        }
        let traffic = remote.connection.traffic
        return TransferReport(
            reference: "\(reference.model)@v\(wanted.number)", remote: remote.name, versions: moved, tags: tags,
            sentBytes: traffic.sent - before.sent, receivedBytes: traffic.received - before.received)
    }

    func send(_ planned: PlannedVersion) async throws -> MovedVersion {
        try await naming(planned.reference) {
            do {
                return try await attempt(planned)
            } catch let error as DeltaicError where error.code.word == "refusedTransfer" {
                // What an earlier attempt had sent may be damaged; the server has thrown it away.
                return try await attempt(planned)
            }
        }
    }

    private func attempt(_ planned: PlannedVersion) async throws -> MovedVersion {
        let reference = VersionReference(
            model: try ModelName(planned.model), selector: .number(planned.version.number))
        let closure = try registry.closure(of: reference)
        let lacking = try await remote.lacking(closure.objects.map(\.sha256))
        let pack = try await registry.transferPack(of: reference, objects: closure.needed(lacking: lacking))
        let sent = try await send(pack, as: planned)
        _ = try await remote.finish(pack, baseTree: closure.version.base?.tree, isBase: planned.isBase)
        registry.discard(pack)
        let contents = closure.objects.prefix(closure.contentCount)
        return MovedVersion(
            model: planned.model, number: planned.version.number, commit: planned.version.commit,
            packBytes: pack.byteCount, movedBytes: sent, objects: contents.count,
            knownObjects: contents.count { !lacking.contains($0.sha256) })
    }

    private func send(_ pack: TransferPack, as planned: PlannedVersion) async throws -> Int {
        let file = try registry.openTransferPack(pack.id)
        var offset = try await remote.begin(pack)
        progress.begin("pushing \(planned.reference)", totalBytes: pack.byteCount)
        defer { progress.end() }
        progress.advance(offset)
        var sent = 0
        while offset < file.size {
            let part = try file.read(offset..<min(offset + RemoteRegistry.partLimit, file.size))
            let next = try await remote.send(part, at: offset, of: pack)
            guard next > offset, next <= file.size else {
                throw DeltaicError(
                    .badAnswer, "the server does not take the pack", at: [remote.name],
                    expected: "offset \(offset + part.count)", found: "\(next)",
                    advice: "is somebody else sending it? try again in a while")
            }
            sent += part.count
            progress.advance(next - offset)
            offset = next
        }
        return sent
    }
}
