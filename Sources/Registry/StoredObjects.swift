internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore

/// The objects that a version needs, and what they take beyond its base.
struct StoredObjects {
    private let objects: [Digest: ObjectRecord]
    private let ofBase: Set<Digest>

    /// - Parameter ofBase: the objects of the base's files, which count nothing.
    init(of files: [FileRecord], besides ofBase: Set<Digest>, catalog: CatalogDatabase) throws {
        var objects = try catalog.objects(files.flatMap(\.objects))
        objects.merge(try catalog.objects(objects.values.flatMap(\.sharedObjects))) { first, _ in first }
        self.objects = objects
        self.ofBase = ofBase
    }

    /// - Throws: `.unknownContent` naming the object.
    func object(_ digest: Digest) throws(DeltaicError) -> ObjectRecord {
        guard let object = objects[digest] else {
            throw DeltaicError(.unknownContent, "the catalog lacks an object", at: ["object \(digest.hex)"])
        }
        return object
    }

    /// What the lossy chunks of an object refer to beside the base.
    func shared(by digest: Digest) -> [ObjectRecord] {
        objects[digest]?.sharedObjects.compactMap { objects[$0] } ?? []
    }

    /// What is stored for an object, with what its chunks share; 0 for what the base has.
    ///
    /// - Parameter counted: what was counted before and counts no more; what is counted now is added.
    func bytes(for digest: Digest, counted: inout Set<Digest>) -> Int {
        records(for: digest).reduce(0) { $0 + (counted.insert($1.digest).inserted ? $1.storedBytes : 0) }
    }

    func figures(of version: VersionRecord, files: [FileRecord], pack: Digest?) -> StorageFigures {
        var sizes = StorageFigures()
        sizes.rawBytes = version.rawBytes
        sizes.storedBytes = version.storedBytes
        let raw = Set(files.filter { !$0.isSafetensors }.map(\.head))
        let weights = files.filter(\.isSafetensors)
        sizes.weightRawBytes = weights.reduce(0) { $0 + $1.size }
        sizes.weightStoredBytes =
            version.storedBytes
            - raw.compactMap { objects[$0] }.filter { $0.pack == pack }.reduce(0) { $0 + $1.storedBytes }
        // Objects in packs of other versions would be in this one's if it were alone.
        var elsewhere: Set<Digest> = []
        for record in Set(weights.flatMap(\.objects)).subtracting(raw).flatMap(records)
        where record.pack != pack && elsewhere.insert(record.digest).inserted {
            sizes.weightStoredBytes += record.storedBytes + StoredContent.bytesPerObject
        }
        var linear: Set<Digest> = []
        for tensor in weights.flatMap(\.tensors)
        where TensorClass(name: tensor.name, type: tensor.type, shape: tensor.shape) == .linear {
            sizes.linearRawBytes += tensor.byteCount
            sizes.linearStoredBytes += bytes(for: tensor.object, counted: &linear)
        }
        return sizes
    }

    /// What has to be stored so that an object can be decoded, but for what the base has.
    private func records(for digest: Digest) -> [ObjectRecord] {
        guard !ofBase.contains(digest), let object = objects[digest] else { return [] }
        return [object] + shared(by: digest).filter { !ofBase.contains($0.digest) }
    }
}

extension ObjectRecord {
    /// What the chunks of a lossy object share; other objects refer to blocks of others, which are those objects' own.
    fileprivate var sharedObjects: [Digest] {
        CodecID(name: codec)?.isLossy == true ? dependencies.filter { $0 != base } : []
    }
}

extension FileRecord {
    fileprivate var isSafetensors: Bool {
        if case .safetensors = content { true } else { false }
    }
}
