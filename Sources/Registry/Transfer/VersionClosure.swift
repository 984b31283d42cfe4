internal import Catalog
public import DeltaicCore

/// All objects without which a version cannot be read: those of its files, and what these are decoded from.
public struct VersionClosure: Sendable, Codable {
    /// An object, known by the SHA-256 of its raw bytes in every registry.
    public struct Object: Sendable, Codable {
        public let sha256: Digest
        /// What its chunks here are decoded from; another registry may have stored it otherwise.
        public let dependencies: [Digest]
    }

    public let version: TransferVersion
    /// Those of files first.
    public let objects: [Object]
    /// How many of ``objects`` files are made of.
    public let contentCount: Int

    /// What has to be sent to a registry, in the order of ``objects``.
    ///
    /// What it has needs nothing more: there it may be decoded from something else.
    /// - Parameter lacking: the objects that the registry does not have.
    public func needed(lacking: Set<Digest>) -> [Digest] {
        let byDigest = Dictionary(objects.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
        var needed: Set<Digest> = []
        var open = objects.prefix(max(0, contentCount)).map(\.sha256)
        while let next = open.popLast() {
            guard lacking.contains(next), needed.insert(next).inserted else { continue }
            open += byDigest[next]?.dependencies ?? []
        }
        return objects.map(\.sha256).filter(needed.contains)
    }
}

extension ModelRegistry {
    /// What a version needs.
    ///
    /// - Throws: a `notFound` error that says what there is, `.stillPending`, or `.unknownContent` if the catalog lacks an object.
    public func closure(of reference: VersionReference) throws -> VersionClosure {
        let version = try catalog.version(reference)
        return try closure(of: version)
    }

    func closure(of version: VersionRecord) throws -> VersionClosure {
        // Sent now, it would stay as it came over there.
        guard !version.isPending else {
            throw DeltaicError(
                .stillPending, "the version is yet to be compressed", at: [version.reference],
                advice: "wait until its server has done that, or run `deltaic compress` there, and try again")
        }
        var seen: Set<Digest> = []
        let contents = try catalog.files(of: version.id).flatMap(\.objects).filter { seen.insert($0).inserted }
        var objects: [VersionClosure.Object] = []
        var level = contents
        while !level.isEmpty {
            let records = try catalog.objects(level)
            var next: [Digest] = []
            for digest in level {
                guard let record = records[digest] else {
                    throw DeltaicError(.unknownContent, "the catalog lacks an object", at: ["object \(digest.hex)"])
                }
                objects.append(VersionClosure.Object(sha256: digest, dependencies: record.dependencies))
                next += record.dependencies.filter { seen.insert($0).inserted }
            }
            level = next
        }
        return VersionClosure(
            version: try TransferVersion(version, catalog), objects: objects, contentCount: contents.count)
    }

    /// Those of some objects that are not stored here.
    public func lacking(_ digests: [Digest]) throws -> [Digest] {
        let known = try catalog.objects(digests)
        return digests.filter { known[$0] == nil }
    }
}
