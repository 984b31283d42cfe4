internal import DeltaCodecs
internal import DeltaicCore
internal import Kernels
internal import PackFormat

/// A chunk ready to be written.
struct FinishedChunk: Sendable {
    let objectPosition: Int
    let chunk: EncodedChunk
    let rawChecksum: UInt64
    let rawCount: Int
}

/// Encodes the chunks of a plan: reads the input again, makes sure that it did not change, and proves that what it made
/// decodes to what it read.
struct ChunkEncoder: Sendable {
    let plan: RegistrationPlan
    let objects: ObjectReader
    private let coder = ZstdStream()

    init(plan: RegistrationPlan, objects: ObjectReader) {
        self.plan = plan
        self.objects = objects
    }

    /// Which chunk of which planned object.
    struct Job: Sendable {
        let object: Int
        let chunk: Int
    }

    /// All chunks, in the order in which they are written.
    var jobs: some Sequence<Job> {
        plan.objects.indices.lazy.flatMap { object in
            (0..<plan.objects[object].description.grid.chunkCount).lazy.map { Job(object: object, chunk: $0) }
        }
    }

    func encode(_ job: Job) throws -> FinishedChunk {
        let object = plan.objects[job.object]
        let piece = object.source.piece
        return try naming("\(piece.file.path), \(piece.name), chunk \(job.chunk)") {
            if let spooled = object.source.spooled {
                let entry = spooled.entries[job.chunk]
                return FinishedChunk(
                    objectPosition: job.object, chunk: try spooled.spool.chunk(entry), rawChecksum: entry.rawChecksum,
                    rawCount: entry.rawCount)
            }
            let raw = try object.source.checkedChunk(job.chunk)
            let chunk = try reference(to: raw, object, job.chunk) ?? encode(raw, object, job.chunk)
            return FinishedChunk(
                objectPosition: job.object, chunk: chunk, rawChecksum: FastHash.checksum(raw), rawCount: raw.count)
        }
    }

    /// A reference, if the candidate's bytes really are the same.
    private func reference(to raw: [UInt8], _ object: PlannedObject, _ position: Int) throws -> EncodedChunk? {
        guard let candidate = object.blockCandidates[position] else { return nil }
        let other: [UInt8]
        if let source = plan.sources[candidate.object] {
            other = try source.piece.chunk(candidate.chunk)
        } else {
            other = try objects.chunk(candidate.chunk, of: candidate.object)
        }
        return equalBytes(other, raw) ? EncodedChunk(codec: .reference, streams: candidate.streams) : nil
    }

    private func encode(_ raw: [UInt8], _ object: PlannedObject, _ position: Int) throws -> EncodedChunk {
        let elements = object.description.grid.elements(of: position)
        let shape = ChunkShape(
            type: object.description.type, elementCount: elements.count, firstElement: elements.lowerBound)
        let rowLength = object.source.piece.shape?.rowLength ?? 0
        let base = try baseChunk(object, position, elements: elements, width: shape.width)
        let input = ChunkInput(
            raw: raw, shape: shape, rowLength: rowLength,
            rowOffset: rowLength > 0 ? elements.lowerBound % rowLength : 0, base: base)
        let chunk = try CodecTable.encode(input, coder: coder)
        // The only copy of the data may be about to be deleted: nothing is written that was not seen to decode.
        let decoded = try CodecTable.decode(chunk, shape: shape, base: base, coder: coder)
        guard equalBytes(decoded, raw) else {
            throw DeltaicError(
                .encodeMismatch, "the encoded chunk does not decode to its input; nothing was registered",
                advice: "this is a defect of deltaic: please report it with the tensor")
        }
        return chunk
    }

    private func baseChunk(
        _ object: PlannedObject, _ position: Int, elements: Range<Int>, width: Int
    ) throws -> [UInt8] {
        guard let base = object.description.base, elements.lowerBound < object.commonElements else { return [] }
        let stored = try objects.object(base).description
        // The bytes may have been stored first under another dtype, whose chunks cover other elements.
        guard stored.type == object.description.type else { return [] }
        let bytes = try objects.chunk(position, of: base)
        let common = min(elements.upperBound, object.commonElements) - elements.lowerBound
        return bytes.count > common * width ? Array(bytes.prefix(common * width)) : bytes
    }
}
