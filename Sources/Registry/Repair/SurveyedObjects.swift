internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// The catalog's rows of objects, from what the packs say themselves.
struct SurveyedObjects {
    private let survey: PackSurvey
    private let reader: ObjectReader
    private(set) var records: [Digest: ObjectRecord] = [:]
    private var failures: [Digest: DeltaicError] = [:]

    init(survey: PackSurvey) {
        self.survey = survey
        reader = ObjectReader(source: survey)
    }

    /// Adds an object and all that it cannot be decoded without.
    ///
    /// - Throws: `.unknownContent` if no pack has one of them, `.malformedPack` if they cannot be decoded.
    mutating func add(_ digest: Digest) throws {
        _ = try depth(of: digest, left: ObjectReader.depthLimit)
    }

    /// The rows of objects, and of all that these cannot be decoded without; what was added for others is not among them.
    func closure(of digests: Set<Digest>) -> [Digest: ObjectRecord] {
        var found: [Digest: ObjectRecord] = [:]
        var left = Array(digests)
        while let digest = left.popLast() {
            guard found[digest] == nil, let record = records[digest] else { continue }
            found[digest] = record
            left += record.dependencies
        }
        return found
    }

    private mutating func depth(of digest: Digest, left: Int) throws -> Int {
        if let known = records[digest] { return known.depth }
        if let failure = failures[digest] { throw failure }
        do {
            let record = try record(digest, left: left)
            records[digest] = record
            return record.depth
        } catch let error as DeltaicError {
            failures[digest] = error
            throw error
        }
    }

    private mutating func record(_ digest: Digest, left: Int) throws -> ObjectRecord {
        guard left > 0 else {
            throw DeltaicError(
                .malformedPack, "objects depend on each other too deeply, or in a circle",
                at: ["object \(digest.short)"])
        }
        let located = try survey.locate(digest)
        guard let place = survey.place(of: digest) else {
            throw DeltaicError(.unknownContent, "no pack has the object", at: ["object \(digest.hex)"])
        }
        let needs = try ObjectNeeds(located.object, in: located.pack)
        let all = try needs.objects.union(shared(by: located.object))
        let depth = try ObjectNeeds.depth(of: all, chunks: needs.hasOwn ? needs.chunks : []) {
            try self.depth(of: $0, left: left - 1)
        }
        return ObjectRecord(located.object, pack: place.pack, position: place.position, depth: depth, needs: all)
    }

    /// What lossy chunks share is known only when they are decoded.
    private func shared(by object: PackObject) throws -> Set<Digest> {
        var shared: Set<Digest> = []
        for (position, chunk) in object.chunks.enumerated() where CodecID(number: chunk.codec).isLossy {
            shared.formUnion(try reader.chunkAndShared(position, of: object.description.digest).shared)
        }
        return shared
    }
}
