internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat

/// Writes a damaged pack anew, from what is whole in it and from copies of the rest.
struct PackRestoration {
    let damage: PackDamage
    /// The catalog's rows of the pack.
    let rows: [ObjectRecord]
    let sources: RepairSources
    private let coder = ZstdStream()

    init(damage: PackDamage, rows: [ObjectRecord], sources: RepairSources) {
        self.damage = damage
        self.rows = rows
        self.sources = sources
    }

    /// What could be restored.
    struct Result {
        /// Where the new pack lies; nil if nothing was written.
        var path: String?
        var pack: PackRecord?
        /// The objects in the new pack with their positions and stored bytes.
        var objects: [(digest: Digest, position: Int, storedBytes: Int)] = []
        /// Those that came from other places, with the place.
        var restored: [Digest: String] = [:]
        /// Those of which no whole copy is known.
        var lost: [Digest] = []
        /// Whether the new pack has all that the old one had.
        var isWhole = false
    }

    /// - Parameters:
    ///   - packs: a folder for the new pack.
    ///   - manifest: the manifest's JSON if it is not whole in the pack.
    func run(in packs: PackDirectory, manifest: () throws -> [UInt8]?) throws -> Result {
        var result = Result()
        var copies: [Digest: RepairSources.Copy] = [:]
        for digest in Set(damage.objects.values).sorted() {
            if let copy = try sources.copy(of: digest) {
                copies[digest] = copy
                result.restored[digest] = copy.origin
            } else {
                result.lost.append(digest)
            }
        }
        result.isWhole = result.lost.isEmpty
        // A pack that can be opened stays where it is as long as something in it is lost: its whole chunks can be read there.
        let isPatch = !result.isWhole && damage.canBeOpened
        guard !isPatch || !copies.isEmpty else { return result }
        guard result.isWhole || isPatch || damage.salvaged != nil || !copies.isEmpty else { return result }

        let writer = try packs.newPack()
        var isEmpty = true
        for ordinal in ordinals {
            try Task.checkCancellation()
            guard let part = try part(ordinal, copies, isPatch: isPatch) else { continue }
            try write(part, to: writer)
            isEmpty = false
        }
        var hasManifest = false
        if !isPatch, let json = try damage.salvaged?.manifest ?? manifest() {
            try writer.write(manifest: json)
            hasManifest = true
        }
        guard !isEmpty || hasManifest else { return result }
        let finished = writer.finishedObjects
        let id = try packs.publish(writer)
        result.path = packs.path(of: id)
        result.pack = PackRecord(id: id, byteCount: writer.byteCount, createdAt: damage.record.createdAt)
        result.objects = finished.enumerated().map { ($1.description.digest, $0, $1.storedBytes) }
        return result
    }

    /// Of all objects that are known of the pack.
    private var ordinals: [Int] {
        Set((damage.salvaged?.objects ?? [:]).keys).union(damage.objects.keys).subtracting(damage.unneeded).sorted()
    }

    private struct Part {
        let own: SalvagedPack.Object?
        let copy: RepairSources.Copy?
        let description: ObjectDescription
    }

    /// Nil for objects that are not written.
    private func part(_ ordinal: Int, _ copies: [Digest: RepairSources.Copy], isPatch: Bool) throws -> Part? {
        let own = damage.salvaged?.objects[ordinal]
        guard let damaged = damage.objects[ordinal] else {
            return isPatch ? nil : own.map { Part(own: $0, copy: nil, description: $0.description) }
        }
        guard let copy = copies[damaged] else { return nil }
        guard let description = own?.description ?? copy.description ?? described(damaged) else { return nil }
        return Part(own: own, copy: copy, description: description)
    }

    /// A description of an object that only a folder with files has: bytes of no type decode to the same.
    private func described(_ digest: Digest) -> ObjectDescription? {
        rows.first { $0.digest == digest }.map {
            ObjectDescription(digest: digest, type: nil, elementCount: $0.length, base: nil)
        }
    }

    private func write(_ part: Part, to writer: PackWriter) throws {
        try writer.beginObject(part.description)
        for position in 0..<part.description.grid.chunkCount {
            if let chunk = part.own?.chunks[position], let streams = damage.salvaged?.streams(of: chunk) {
                try writer.append(codec: chunk.codec, streams: streams, rawChecksum: chunk.rawChecksum)
                continue
            }
            let (chunk, checksum) = try chunk(position, of: part)
            try writer.append(codec: chunk.codec.number, streams: chunk.streams, rawChecksum: checksum)
        }
        try writer.endObject()
    }

    /// The chunk as it was stored, if the copy has it so; else its bytes, stored without a base.
    private func chunk(_ position: Int, of part: Part) throws -> (EncodedChunk, rawChecksum: UInt64) {
        guard let copy = part.copy else {
            throw DeltaicError(.malformedPack, "a chunk was damaged a moment after it was found to be whole")
        }
        if let stored = copy.stored, stored.object.description == part.description,
            stored.object.chunks.indices.contains(position)
        {
            let chunk = stored.object.chunks[position]
            let isSame = part.own?.chunks[position]?.payloadChecksum == chunk.payloadChecksum
            let codec = CodecID(number: chunk.codec)
            // What else a chunk needs is known of the pack's own chunks only.
            if isSame || codec == .solo || codec == .exact {
                return (EncodedChunk(codec: codec, streams: try stored.pack.streams(of: chunk)), chunk.rawChecksum)
            }
        }
        let raw = try rawChunk(position, of: part, copy)
        let elements = part.description.grid.elements(of: position)
        let shape = ChunkShape(
            type: part.description.type, elementCount: elements.count, firstElement: elements.lowerBound)
        let input = ChunkInput(raw: raw, shape: shape, rowLength: 0, rowOffset: 0, base: [])
        return (try CodecTable.encode(input, coder: coder), FastHash.checksum(raw))
    }

    /// The bytes of a chunk; the copy may be cut into other chunks, for those depend on the type.
    private func rawChunk(_ position: Int, of part: Part, _ copy: RepairSources.Copy) throws -> [UInt8] {
        let wanted = part.description.grid.bytes(of: position)
        // Full chunks are equally long for every type.
        let raw = try copy.chunk(position)
        guard raw.count == wanted.count else {
            throw DeltaicError(.contentMismatch, "the copy is cut into other chunks", at: [copy.origin])
        }
        return raw
    }
}
