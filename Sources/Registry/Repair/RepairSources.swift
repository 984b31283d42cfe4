internal import Catalog
internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TensorFiles

/// Where damaged objects may be found whole: other packs of the registry, other registries, folders with the original files.
final class RepairSources {
    /// A whole copy of an object.
    struct Copy {
        /// Where it is from, for the report.
        let origin: String
        let description: ObjectDescription?
        /// The object as it is stored there; nil in a folder with files.
        let stored: LocatedObject?
        /// The raw bytes of a chunk.
        let chunk: (Int) throws -> [UInt8]
    }

    private struct Packs {
        let origin: String
        let survey: PackSurvey
        let reader: ObjectReader
    }

    private var packs: [Packs] = []
    private var otherRegistries: [PackDirectory] = []
    private var pieces: [Digest: HashedPiece] = [:]
    private let fallback: any ObjectSource

    /// - Parameter fallback: where objects are found that copies are decoded from, and that their own source lacks.
    init(fallback: any ObjectSource) {
        self.fallback = fallback
    }

    /// Adds packs, but for some.
    func add(
        _ directory: PackDirectory, named origin: String, excluding: Set<Digest> = [], progress: any ProgressReport
    )
        throws
    {
        let survey = try PackSurvey(packs: directory, excluding: excluding, progress: progress)
        try survey.index(first: [])
        let source = ObjectsInTurn(first: survey, then: fallback)
        packs.append(Packs(origin: origin, survey: survey, reader: ObjectReader(source: source)))
    }

    /// Adds a folder: of a registry, or of a model's files.
    func add(_ path: String, workers: WorkerPool, progress: any ProgressReport) async throws {
        let directory = RegistryDirectory(path: path)
        if FileManager.default.fileExists(atPath: directory.markerPath) {
            try directory.check()
            otherRegistries.append(directory.packs)
            return try add(directory.packs, named: path, progress: progress)
        }
        let model = try ModelDirectory.open(path)
        let scanned = try await InputScan(
            inputs: model.files.map(ScannedInput.init), workers: workers, progress: progress
        ).run()
        for piece in scanned.flatMap({ [$0.head] + ($0.tensors ?? []) }) { pieces[piece.digest] = piece }
    }

    /// The same pack in another registry, every stored byte of which is right; nil if there is none.
    func pack(_ record: PackRecord) throws -> String? {
        for packs in otherRegistries {
            let path = packs.path(of: record.id)
            guard FileManager.default.fileExists(atPath: path),
                try PackDamage(record, in: packs, rows: [], progress: SilentProgress()) == nil
            else { continue }
            return path
        }
        return nil
    }

    /// A copy of which every byte was seen to be right; nil if there is none.
    func copy(of digest: Digest) throws -> Copy? {
        for source in packs where source.survey.place(of: digest) != nil {
            try Task.checkCancellation()
            guard let located = try? source.survey.locate(digest) else { continue }
            let copy = Copy(origin: source.origin, description: located.object.description, stored: located) {
                try source.reader.chunk($0, of: digest)
            }
            if isWhole(copy, digest, chunks: located.object.chunks.count) { return copy }
        }
        guard let piece = pieces[digest] else { return nil }
        let copy = Copy(origin: piece.piece.file.path, description: nil, stored: nil) { try piece.checkedChunk($0) }
        return isWhole(copy, digest, chunks: piece.piece.grid.chunkCount) ? copy : nil
    }

    private func isWhole(_ copy: Copy, _ digest: Digest, chunks: Int) -> Bool {
        let found = Result {
            var hash = try StreamingHash(.sha256)
            for position in 0..<chunks { hash.update(try copy.chunk(position)) }
            return Digest(uncheckedBytes: hash.finish())
        }
        return (try? found.get()) == digest
    }
}

/// Looks in one place, then in another.
private struct ObjectsInTurn: ObjectSource {
    let first: any ObjectSource
    let then: any ObjectSource

    func locate(_ digest: Digest) throws -> LocatedObject {
        if let found = try? first.locate(digest) { return found }
        return try then.locate(digest)
    }
}
