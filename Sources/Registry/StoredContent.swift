internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// The objects of a version after they went into a pack that is not complete yet.
struct StoredContent: Sendable {
    /// As they will be pulled.
    var files: [HashedFile]
    /// In the order of the pack.
    var objects: [PlannedObject] = []
    var written: [WrittenObject] = []
    var lossy: [EncodedLossy] = []
    var keptExactly: [LossyReport.KeptExactly] = []
    var unusedMoments: [String] = []
    var family: SiblingTraceNorms.Finding?
    /// The stored bytes of objects that other versions than the base have already.
    var elsewhere: [Digest: Int] = [:]

    /// What was written for a planned object.
    struct WrittenObject: Sendable {
        var codecs: Set<CodecID> = []
        var dependencies: Set<Digest> = []
    }

    /// The catalog's rows of the objects.
    func objectRecords(pack: Digest, finished: [PackObject]) -> [ObjectRecord] {
        zip(objects, written).enumerated().map { position, pair in
            let (planned, result) = pair
            let base = result.codecs.contains(where: \.needsBase) ? planned.description.base : nil
            return ObjectRecord(
                digest: planned.description.digest, length: planned.description.byteCount, pack: pack,
                position: position, codec: result.codecs.objectCodec.description,
                storedBytes: finished[position].storedBytes, base: base, depth: planned.depth,
                dependencies: Array(result.dependencies.union(base.map { [$0] } ?? [])).sorted())
        }
    }

    /// Where blocks were first seen.
    var blocks: [BlockRecord] {
        objects.flatMap { object in
            object.source.blockKeys.count < 2
                ? []
                : object.source.blockKeys.enumerated().compactMap { position, key in
                    object.blockCandidates[position] == nil
                        ? BlockRecord(key: key, object: object.description.digest, chunk: position) : nil
                }
        }
    }
}

extension CodecID {
    var needsBase: Bool { self == .exact || isLossy }
}

extension Set<CodecID> {
    /// One codec for a whole object: the one that says most about how its bytes are kept.
    var objectCodec: CodecID {
        first(where: \.isLossy) ?? (contains(.exact) ? .exact : contains(.solo) || isEmpty ? .solo : .reference)
    }
}

extension ModelRegistry {
    /// Writes what is new in files that are kept exactly to a pack.
    ///
    /// - Parameters:
    ///   - relatives: versions whose tensors may be closer than the base's, the closest first.
    ///   - rewritten: objects that are stored already, and to be stored anew.
    func store(
        exactly files: [HashedFile], base: VersionRecord?, relatives: [VersionRecord] = [],
        rewritten: Set<Digest> = [], to writer: PackWriter
    ) async throws -> StoredContent {
        var content = StoredContent(files: files)
        let pieces = files.flatMap { [$0.head] + ($0.tensors ?? []) }
        let plan = try RegistrationPlan(
            pieces: pieces, base: base, relatives: relatives, catalog: catalog, rewritten: rewritten)
        try await write(plan, to: writer, &content)
        return content
    }

    /// Writes what is new in a model to a pack: first what is kept exactly, whose size bounds the rest, then the lossy tensors.
    ///
    /// - Parameter spoolFolder: where there is room for the lossy tensors for as long as this runs.
    func store(
        _ files: [HashedFile], lossy request: LossyRequest?, base: VersionRecord?, to writer: PackWriter,
        spoolFolder: String
    ) async throws -> StoredContent {
        guard let request else { return try await store(exactly: files, base: base, to: writer) }
        var content = StoredContent(files: files)
        let treatments = try TensorTreatments(
            files: files, request: request, base: base, catalog: catalog, objects: objects)
        content.keptExactly = treatments.keptExactly.map { .init(name: $0.name, reason: $0.reason) }
        content.unusedMoments = treatments.unusedMoments
        let exact = treatments.exactPieces(of: files)
        try await write(try RegistrationPlan(pieces: exact, base: base, catalog: catalog), to: writer, &content)

        let baseObjects = Set(try base.map { try catalog.files(of: $0.id) }?.flatMap(\.objects) ?? [])
        content.elsewhere = try stored(exact.map(\.digest), besides: baseObjects)
        var measured = try await measured(treatments.lossy)
        var planning = LossyPlanning(
            goal: request.goal, weightBytes: files.filter { $0.tensors != nil }.reduce(0) { $0 + $1.size },
            exactBytes: content.weightBytes(finished: writer.finishedObjects),
            linear: content.linearBytes(finished: writer.finishedObjects)
        )
        if let family = try await SiblingTraceNorms(workers: workers, catalog: catalog).run(
            measured, planning: planning, base: base)
        {
            measured = family.tensors
            content.family = family.finding
        }
        // Forecasts know nothing of rows and spectra: an error target is approached by what encoding finds.
        for _ in 0..<3 {
            let spool = try ChunkSpool(folder: spoolFolder)
            content.lossy = try await LossyEncoding(workers: workers, progress: progress, spool: spool).run(
                try planning.run(measured))
            guard let next = planning.corrected(by: content.lossy) else { break }
            planning = next
        }
        try planning.checkTargets(content.lossy)
        content.files = try await ReconstructedFiles(
            workers: workers, progress: progress, objects: objects, encoded: content.lossy
        ).run(files)
        let rest = content.lossy.flatMap { $0.shared + [$0.piece] }
        let known = Set(content.objects.map(\.description.digest))
        content.elsewhere.merge(try stored(rest.map(\.digest), besides: baseObjects)) { $1 }
        try await write(
            try RegistrationPlan(pieces: rest, base: base, catalog: catalog, known: known), to: writer, &content)
        return content
    }

    /// What objects take that the registry has already, but for those of the base.
    private func stored(_ digests: [Digest], besides base: Set<Digest>) throws -> [Digest: Int] {
        try catalog.objects(Array(Set(digests).subtracting(base))).mapValues(\.storedBytes)
    }

    /// The tensors with the sums that planning needs.
    private func measured(_ tensors: [TensorTreatments.Lossy]) async throws -> [TensorTreatments.Lossy] {
        progress.begin("measuring", totalBytes: tensors.reduce(0) { $0 + $1.delta.source.piece.range.count })
        defer { progress.end() }
        var result: [TensorTreatments.Lossy] = []
        try await workers.mapInOrder(tensors, window: .max) { tensor in
            try naming(tensor.delta.source.piece.file.path) { try tensor.measured() }
        } consume: {
            result.append($0)
            progress.advance($0.delta.source.piece.range.count)
        }
        return result
    }

    private func write(
        _ plan: RegistrationPlan, to writer: PackWriter, _ content: inout StoredContent
    ) async throws {
        let encoder = ChunkEncoder(plan: plan, objects: objects)
        progress.begin("encoding", totalBytes: plan.objects.reduce(0) { $0 + $1.description.byteCount })
        defer { progress.end() }
        var written = [StoredContent.WrittenObject](
            repeating: StoredContent.WrittenObject(), count: plan.objects.count)
        // Ends the objects before `position` and begins it; those without chunks have no job that would.
        var open = -1
        func begin(_ position: Int) throws {
            while open < position {
                if open >= 0 { try writer.endObject() }
                open += 1
                if open < plan.objects.count { try writer.beginObject(plan.objects[open].description) }
            }
        }
        try await workers.mapInOrder(encoder.jobs) { job in
            try encoder.encode(job)
        } consume: { finished in
            try begin(finished.objectPosition)
            try writer.append(
                codec: finished.chunk.codec.number, streams: finished.chunk.streams, rawChecksum: finished.rawChecksum)
            written[finished.objectPosition].codecs.insert(finished.chunk.codec)
            if finished.chunk.codec == .reference {
                let target = try BlockReference(streams: finished.chunk.streams)
                if target.object != plan.objects[finished.objectPosition].description.digest {
                    written[finished.objectPosition].dependencies.insert(target.object)
                }
            }
            progress.advance(finished.rawCount)
        }
        try begin(plan.objects.count)
        for position in written.indices {
            written[position].dependencies.formUnion(plan.objects[position].source.spooled?.shared ?? [])
        }
        content.objects += plan.objects
        content.written += written
    }
}
