internal import Catalog
internal import DeltaicCore
internal import PackFormat

/// A version with every pack open that is needed to read it: it stays readable, whatever is removed from the registry meanwhile.
final class OpenedVersion: Sendable {
    let files: [FileRecord]
    let packs: [PackReader]
    let reader: ObjectReader
    private let positions: [String: Int]
    private let tensors: [String: TensorRecord]

    init(files: [FileRecord], packs: [PackReader], cache: DecodedCache) {
        self.files = files
        self.packs = packs
        reader = ObjectReader(source: PackObjects(packs: packs), cache: cache)
        positions = Dictionary(files.enumerated().map { ($1.path, $0) }) { first, _ in first }
        tensors = Dictionary(files.flatMap(\.tensors).map { ($0.name, $0) }) { first, _ in first }
    }

    func file(_ path: String) -> FileRecord? {
        positions[path].map { files[$0] }
    }

    /// The tensor of a name; where two files have one, that of the first file.
    func tensor(_ name: String) -> TensorRecord? {
        tensors[name]
    }

    /// Whether a pack was deleted since it was opened: the version, or what its objects lay in, is gone.
    var isStale: Bool { packs.contains { $0.isDeleted } }

    /// Roughly the bytes of memory that it takes, and at least a share of the files that may be open.
    var cost: Int {
        let records = files.reduce(0) { $0 + 512 + $1.tensors.count * 384 }
        return records + packs.reduce(0) { $0 + max(Self.leastPackCost, $1.indexBytes * 16) }
    }

    private static let leastPackCost = 256 << 10
}

/// Finds objects in packs that are open.
private struct PackObjects: ObjectSource {
    let packs: [PackReader]

    func locate(_ digest: Digest) throws -> LocatedObject {
        for pack in packs {
            if let object = pack.object(digest) { return LocatedObject(pack: pack, object: object) }
        }
        throw DeltaicError(
            .malformedPack, "none of the version's packs has an object that is needed", at: ["object \(digest.hex)"],
            advice: "run `deltaic verify`")
    }
}
