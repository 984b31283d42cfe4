import DeltaCodecs
import DeltaicCore
import PackFormat
import Registry

/// A chunk as it is stored, to be changed by tests.
struct StoredChunk {
    var codec: UInt8
    var streams: [EncodedStream]
    var rawChecksum: UInt64
}

/// An object as it is stored, to be changed by tests.
struct StoredObject {
    var description: ObjectDescription
    var chunks: [StoredChunk]

    /// The same with another base.
    mutating func setBase(_ base: Digest?) {
        description = ObjectDescription(
            digest: description.digest, type: description.type, elementCount: description.elementCount, base: base)
    }
}

extension TestRegistry {
    /// Writes a pack anew with changed objects, so that every checksum of the format fits what is stored.
    ///
    /// The catalog follows the pack to its new id: what a test meets is behind checksums and ids.
    @discardableResult
    func rewritePack(_ id: Digest, _ change: (inout [StoredObject]) throws -> Void) throws -> Digest {
        let packs = PackDirectory(path: registry.path + "/packs")
        let old = try packs.open(id)
        var objects = try old.objects.map { object in
            StoredObject(
                description: object.description,
                chunks: try object.chunks.map {
                    StoredChunk(codec: $0.codec, streams: try old.streams(of: $0), rawChecksum: $0.rawChecksum)
                })
        }
        try change(&objects)
        let writer = try packs.newPack()
        for object in objects {
            try writer.beginObject(object.description)
            for chunk in object.chunks {
                try writer.append(codec: chunk.codec, streams: chunk.streams, rawChecksum: chunk.rawChecksum)
            }
            try writer.endObject()
        }
        if let manifest = try old.manifest() { try writer.write(manifest: manifest) }
        let new = try packs.publish(writer)
        guard new != id else { return id }
        try packs.delete(id)
        let size = packs.contents().packs[new] ?? 0
        try damageCatalog("UPDATE packs SET sha256 = X'\(new.hex)', byte_count = \(size) WHERE sha256 = X'\(id.hex)'")
        return new
    }

    /// The ids of all packs.
    func packIDs() -> Set<Digest> {
        Set(PackDirectory(path: registry.path + "/packs").contents().packs.keys)
    }
}
