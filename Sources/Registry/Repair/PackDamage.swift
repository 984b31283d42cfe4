internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Glibc
internal import PackFormat

/// What is wrong with a pack that the catalog knows, and what of it is whole.
struct PackDamage {
    let record: PackRecord
    /// Nil if there is no file.
    let salvaged: SalvagedPack?
    /// The objects with damaged or missing chunks, by their ordinal.
    var objects: [Int: Digest] = [:]
    /// The ordinals of damaged objects that nothing needs.
    private(set) var unneeded: Set<Int> = []
    /// Whether something else than chunks is damaged: header, index, trailer, records, manifest.
    var isStructural: Bool

    /// Whether what is whole in it can be read.
    var canBeOpened: Bool { salvaged != nil && salvaged?.problem == nil }

    /// Reads every stored byte of a pack.
    ///
    /// - Returns: nil if all is well.
    /// - Throws: `.ioFailure` if the system refuses to open the file.
    init?(
        _ record: PackRecord, in packs: PackDirectory, rows: [ObjectRecord], progress: any ProgressReport
    ) throws {
        self.record = record
        let path = packs.path(of: record.id)
        // A file that the system refuses to open may be whole: only one that is not there is missing.
        let isThere = access(path, F_OK) == 0
        let opened = isThere ? try SalvagedPack(path: path, id: record.id) : nil
        guard let salvaged = opened, !Self.isAnother(salvaged, rows) else {
            self.salvaged = nil
            isStructural = true
            for row in rows { objects[row.position] = row.digest }
            return
        }
        self.salvaged = salvaged
        isStructural = Self.hasStructuralDamage(path, record)
        for (ordinal, object) in salvaged.objects {
            try Task.checkCancellation()
            for position in 0..<object.description.grid.chunkCount {
                guard let chunk = object.chunks[position], salvaged.streams(of: chunk) != nil else {
                    objects[ordinal] = object.description.digest
                    break
                }
                progress.advance(chunk.storedBytes)
            }
        }
        let found = Set(salvaged.objects.values.map(\.description.digest))
        for row in rows where !found.contains(row.digest) { objects[row.position] = row.digest }
        if objects.isEmpty && !isStructural { return nil }
    }

    /// Leaves objects out that are not to be restored.
    mutating func forget(_ isUnneeded: (Digest) -> Bool) {
        unneeded = Set(objects.filter { isUnneeded($0.value) }.keys)
        for ordinal in unneeded { objects[ordinal] = nil }
    }

    /// Whether the file has other objects than the catalog knows in it: it is no damaged copy of the pack, but another one.
    private static func isAnother(_ pack: SalvagedPack, _ rows: [ObjectRecord]) -> Bool {
        rows.contains { row in pack.objects[row.position].map { $0.description.digest != row.digest } ?? false }
    }

    private static func hasStructuralDamage(_ path: String, _ record: PackRecord) -> Bool {
        let checked = Result { () throws(DeltaicError) in
            let reader = try PackReader(path: path)
            guard reader.id == record.id, reader.byteCount == record.byteCount else {
                throw DeltaicError(.malformedPack, "the pack is another one")
            }
            try reader.checkObjectRecords()
            for object in reader.objects { for chunk in object.chunks { try reader.checkRecord(of: chunk) } }
            try reader.checkManifest()
        }
        if case .failure = checked { return true }
        return false
    }
}
