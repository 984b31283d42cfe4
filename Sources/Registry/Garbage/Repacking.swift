internal import Catalog
internal import DeltaicCore
internal import Foundation
internal import PackFormat

/// A pack that is written anew without the objects that nothing needs; the others keep their bytes.
struct Repacking: Sendable {
    let pack: PackReader
    /// The objects that go into the new pack.
    let kept: [PackObject]

    /// What was written.
    struct Result: Sendable {
        let pack: PackRecord
        let objects: [(digest: Digest, position: Int, storedBytes: Int)]
    }

    init(pack: PackReader, used: Set<Digest>) {
        self.pack = pack
        kept = pack.objects.filter { used.contains($0.description.digest) }
    }

    /// The stored bytes of objects that nothing needs.
    var deadBytes: Int {
        pack.objects.reduce(0) { $0 + $1.storedBytes } - kept.reduce(0) { $0 + $1.storedBytes }
    }

    /// Copies the chunks as they are stored, each compared with its checksum.
    ///
    /// - Parameter keepsManifest: whether the pack belongs to a version; its manifest then says that it was written anew.
    func write(
        to packs: PackDirectory, keepsManifest: Bool, progress: any ProgressReport,
        checkCancellation: () throws -> Void
    ) throws -> Result {
        let writer = try packs.newPack()
        progress.begin("repacking", totalBytes: kept.reduce(0) { $0 + $1.storedBytes })
        defer { progress.end() }
        for object in kept {
            try writer.beginObject(object.description)
            for chunk in object.chunks {
                try checkCancellation()
                try writer.append(
                    codec: chunk.codec, streams: try pack.streams(of: chunk), rawChecksum: chunk.rawChecksum)
                progress.advance(chunk.storedBytes)
            }
            try writer.endObject()
        }
        if keepsManifest, let json = try pack.manifest() {
            var manifest = try VersionManifest(json: json)
            guard manifest.manifest == VersionManifest.version else {
                throw DeltaicError(
                    .unsupported, "the pack has a manifest of a kind that this version does not know",
                    at: ["pack \(pack.id.short)"], advice: "use a newer deltaic")
            }
            manifest.rewrite = (manifest.rewrite ?? 0) + 1
            try writer.write(manifest: try manifest.json())
        }
        let finished = writer.finishedObjects
        let id = try packs.publish(writer)
        let checked = Swift.Result { try check(packs.open(id)) }
        // A rebuild must not take it for the newest of its kind.
        if case .failure(let error) = checked {
            try packs.delete(id)
            throw error
        }
        return Result(
            pack: PackRecord(id: id, byteCount: writer.byteCount, createdAt: Int(Date().timeIntervalSince1970)),
            objects: finished.enumerated().map { ($1.description.digest, $0, $1.storedBytes) })
    }

    /// Compares what was written, as it can be read again, with what it was copied from.
    private func check(_ written: PackReader) throws(DeltaicError) {
        let copies = written.objects.map { $0.chunks.map(\.payloadChecksum) }
        guard copies == kept.map({ $0.chunks.map(\.payloadChecksum) }),
            written.objects.map(\.description) == kept.map(\.description)
        else {
            throw DeltaicError(
                .malformedPack, "a pack that was written anew is not what it was", at: ["pack \(written.id.short)"])
        }
        try written.checkStoredBytes()
        try written.checkManifest()
    }
}
