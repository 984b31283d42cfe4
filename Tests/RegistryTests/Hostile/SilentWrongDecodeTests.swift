import DeltaCodecs
import DeltaicCore
import Foundation
import PackFormat
import Registry
import TestSupport
import Testing

/// Bytes that decode, but not to what was stored, with every checksum of stored bytes in order (family 15 of faults).
@Suite("Silent wrong decodes") struct SilentWrongDecodeTests {
    /// What chunks of a pack share, decoded from what is stored.
    private struct Shared: SharedBytes {
        let objects: [StoredObject]

        func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
            guard let object = objects.first(where: { $0.description.digest == digest }), object.chunks.count == 1
            else { throw DeltaicError(.missingPack, "no such object") }
            return try CodecTable.decode(
                EncodedChunk(codec: CodecID(number: object.chunks[0].codec), streams: object.chunks[0].streams),
                shape: ChunkShape(type: nil, elementCount: object.description.elementCount), base: nil,
                coder: ZstdStream())
        }
    }

    private let tensor = "encoder.layer.0.attention.query.weight"

    /// A base and a fine-tune with one linear layer that is stored by a codec.
    private func fixture(_ codec: String, seed: UInt64) async throws -> (
        test: TestRegistry, pack: Digest, base: TestTensor, folder: String
    ) {
        var random = SeededGenerator(seed: seed)
        let test = try TestRegistry()
        let base = TestTensor(tensor, .bfloat16, [64, 64], using: &random)
        let tuned = base.tuned(by: 1e-3, using: &random)
        try await test.addBase(try test.folder("base", [base]))
        let before = test.packIDs()
        let folder = try test.folder("tuned", [tuned], config: "{\"tuned\": true}")
        var registration = Registration(
            name: try ModelName("model"), base: codec == "solo" ? nil : try VersionReference("base"))
        if codec != "solo" && codec != "exact" {
            registration.lossy = LossyRequest(
                recipe: try Recipe(codec: codec, settings: [:], embeddings: .exact, head: .exact))
        }
        _ = try await test.registry.register(folder, as: registration)
        let output = test.directory.path("right")
        _ = try await test.registry.pull(VersionReference("model"), to: output)
        return (test, try #require(test.packIDs().subtracting(before).first), base, output)
    }

    @Test(
        "a changed stream with checksums that fit is refused by every way to read",
        arguments: ["solo", "exact"] + Recipe.lossyCodecs.filter { $0 != "drop" })
    func changedStream(codec: String) async throws {
        let seed: UInt64 = 8_800
        var random = SeededGenerator(seed: seed)
        var (test, pack, base, right) = try await fixture(codec, seed: seed)
        let original = try test.contents(of: right)
        var outcomes: [String: Int] = [:]
        var silent = 0
        for trial in 0..<12 {
            var undo: [StoredObject] = []
            var isSilent = false
            let fitsRaw = trial.isMultiple(of: 2)
            pack = try test.rewritePack(pack) { objects in
                undo = objects
                isSilent = try change(&objects, base: base, fitsRaw: fitsRaw, using: &random)
            }
            silent += isSilent ? 1 : 0
            outcomes[try await outcome(test, original, fitsRaw: fitsRaw && isSilent), default: 0] += 1
            pack = try test.rewritePack(pack) { $0 = undo }
        }
        // Otherwise the codec's own rules refused all, and what stands behind them was not met.
        #expect(silent > 0, "\(codec), seed \(seed)")
        #expect(outcomes["lost"] == nil, "\(codec), seed \(seed): \(outcomes)")
        #expect(try test.contents(of: right) == original)
        try Evidence.record(
            family: 15, "a stream of \(codec) changed, checksums made to fit", tried: 12, outcomes: outcomes,
            note: "seed \(seed), \(silent) decoded to other bytes")
    }

    /// Flips one bit behind the entropy stage.
    ///
    /// - Parameter fitsRaw: whether the checksum of the decoded bytes is made to fit too.
    /// - Returns: whether the chunk still decodes, to other bytes.
    private func change(
        _ objects: inout [StoredObject], base: TestTensor, fitsRaw: Bool, using random: inout SeededGenerator
    ) throws -> Bool {
        let position = try #require(objects.firstIndex { $0.description.type != nil && !$0.chunks.isEmpty })
        let object = objects[position]
        var chunk = object.chunks[0]
        let places = chunk.streams.indices.filter { chunk.streams[$0].rawLength > 0 && ($0 > 0 || chunk.codec < 16) }
        let place = places[Int(random.next() % UInt64(places.count))]
        var raw = try ZstdStream().decode(chunk.streams[place], limit: 1 << 23)
        raw[Int(random.next() % UInt64(raw.count))] ^= 1 << UInt8(random.next() % 8)
        chunk.streams[place] = EncodedStream(encoding: .stored, rawLength: raw.count, bytes: raw)
        let decoded = try? CodecTable.decode(
            EncodedChunk(codec: CodecID(number: chunk.codec), streams: chunk.streams),
            shape: ChunkShape(type: object.description.type, elementCount: object.description.elementCount),
            base: object.description.base == nil ? nil : base.bytes, shared: Shared(objects: objects),
            coder: ZstdStream())
        let isSilent = decoded.map { FastHash.checksum($0) != chunk.rawChecksum } ?? false
        if fitsRaw, let decoded { chunk.rawChecksum = FastHash.checksum(decoded) }
        objects[position].chunks[0] = chunk
        return isSilent
    }

    /// What comes of reading the model in every way.
    ///
    /// - Parameter fitsRaw: whether the chunk's own checksum fits other bytes: then only the hash of the whole tells.
    private func outcome(_ test: TestRegistry, _ original: [String: Data], fitsRaw: Bool) async throws -> String {
        let registry = try test.reopened()
        let reference = try VersionReference("model")
        let output = test.directory.path("out-\(UUID().uuidString)")
        var isRefused = false
        do {
            _ = try await registry.pull(reference, to: output)
            guard try test.contents(of: output) == original else { return "lost" }
        } catch is DeltaicError {
            isRefused = true
        }
        // A pull that fails leaves no file of the tensor.
        let left = FileManager.default.fileExists(atPath: output + "/model.safetensors")
        if isRefused && left { return "lost" }
        let part = try? await registry.pull(
            reference, to: output + "-part", selection: PullSelection(tensors: [tensor]))
        if isRefused && part != nil { return "lost" }
        if !fitsRaw, isRefused {
            guard (try? registry.read(0..<64 * 64 * 2, ofTensor: tensor, in: reference)) == nil else { return "lost" }
        }
        // As it is served: where the checksum of the chunk was made to fit, the client's SHA-256 of the whole file tells.
        let service = ContentService(registry: registry)
        let served = try? await service.wholeFile("model.safetensors", of: reference, limit: 1 << 20)
        if !fitsRaw, let served, Data(served) != original["model.safetensors"] { return "lost" }
        let problems = (try? await registry.check(isQuick: false).problems) ?? ["refused"]
        if isRefused && problems.isEmpty { return "lost" }
        return isRefused ? "refused" : "harmless"
    }
}
