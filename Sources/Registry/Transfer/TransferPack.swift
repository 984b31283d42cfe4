internal import Catalog
public import DeltaicCore
internal import Foundation
internal import PackFormat

/// The pack with which a version goes to another registry: its manifest, and what the other one lacks.
public struct TransferPack: Sendable, Codable {
    public let id: Digest
    public let byteCount: Int
    public let objectCount: Int
    /// Whether it is the version's own pack, as it lies here.
    public let isOwn: Bool
}

extension ModelRegistry {
    /// Puts a pack together in which manifest and chunks are those that are stored here, byte for byte.
    ///
    /// The same version and objects give the same pack, with the same id: a transfer that was cut off can go on with it.
    /// - Parameter needed: what ``VersionClosure/needed(lacking:)`` says.
    /// - Throws: a `notFound` error if the version is not there, or does not need one of the objects; what is wrong with a pack.
    public func transferPack(of reference: VersionReference, objects needed: [Digest]) async throws -> TransferPack {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let version = try catalog.version(reference)
        return try await naming(version.reference) {
            guard let record = try catalog.pack(of: version.id) else {
                throw DeltaicError(
                    .unknownContent, "the version has no pack of its own, and so no manifest to send",
                    advice: "register it again, and send the new version")
            }
            let wanted = Set(needed)
            let own = try directory.packs.open(record.id)
            if wanted == Set(own.objects.map(\.description.digest)) {
                return TransferPack(
                    id: record.id, byteCount: record.byteCount, objectCount: wanted.count, isOwn: true)
            }
            let closure = Set(try closure(of: version).objects.map(\.sha256))
            if let stray = wanted.subtracting(closure).min() {
                throw DeltaicError(
                    .unknownContent, "the version does not need the object", at: ["object \(stray.hex)"])
            }
            return try await writeTransferPack(wanted, manifestOf: own)
        }
    }

    /// Writes a pack of some objects, in the order in which they are stored here.
    func writeTransferPack(_ wanted: Set<Digest>, manifestOf own: PackReader) async throws -> TransferPack {
        guard let manifest = try own.manifest() else {
            throw DeltaicError(.malformedPack, "the pack has no manifest", at: ["pack \(own.id.short)"])
        }
        let source = CatalogObjects(packs: directory.packs, catalog: catalog)
        let located = try wanted.map { try source.locate($0) }.sorted { left, right in
            (left.pack.id, left.object.chunks.first?.offset ?? 0, left.object.description.digest)
                < (right.pack.id, right.object.chunks.first?.offset ?? 0, right.object.description.digest)
        }
        // What the version brought comes first, in its order.
        let ordered = located.filter { $0.pack.id == own.id } + located.filter { $0.pack.id != own.id }
        let writer = try PackWriter(directory: try directory.transfers.prepare())
        progress.begin("packing", totalBytes: ordered.reduce(0) { $0 + $1.object.storedBytes })
        defer { progress.end() }
        for item in ordered {
            try writer.beginObject(item.object.description)
            for chunk in item.object.chunks {
                try Task.checkCancellation()
                try writer.append(
                    codec: chunk.codec, streams: try item.pack.streams(of: chunk), rawChecksum: chunk.rawChecksum)
                progress.advance(chunk.storedBytes)
                await Task.yield()
            }
            try writer.endObject()
        }
        try writer.write(manifest: manifest)
        let id = try writer.finish { id throws(DeltaicError) in id.hex + ".pack" }
        return TransferPack(id: id, byteCount: writer.byteCount, objectCount: ordered.count, isOwn: false)
    }

    /// Opens a pack to send it: one of the registry's own, or one that was put together.
    /// - Throws: `.unknownContent` if there is none with this id, perhaps no longer.
    public func openTransferPack(_ id: Digest) throws -> ReadOnlyFile {
        let paths = [
            try catalog.pack(id) == nil ? nil : directory.packs.path(of: id), directory.transfers.path(of: id),
        ].compactMap(\.self)
        for path in paths where FileManager.default.fileExists(atPath: path) {
            do {
                return try ReadOnlyFile(path: path)
            } catch {
                // Removed a moment ago.
                if FileManager.default.fileExists(atPath: path) { throw error }
            }
        }
        throw DeltaicError(
            .unknownContent, "there is no such pack, or no longer", at: ["pack \(id.hex)"],
            advice: "ask for the version's pack again")
    }

    /// Removes a pack that was put together and is sent; the registry's own packs stay.
    public func discard(_ pack: TransferPack) {
        if !pack.isOwn { directory.transfers.delete(pack.id) }
    }
}
