import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite("Content for many readers")
struct ContentServiceTests {
    /// A base and a fine-tune with tensors of several chunks, and the files of the fine-tune.
    private struct Fixture {
        let test: TestRegistry
        let tensors: [TestTensor]
        let file: [UInt8]
        let reference: VersionReference

        init(seed: UInt64, lossy: Bool = false) async throws {
            var random = SeededGenerator(seed: seed)
            test = try TestRegistry()
            let base = [
                TestTensor("layer.0.dense.weight", .bfloat16, [1200, 1500], using: &random),
                TestTensor("empty", .bfloat16, [0, 4], bytes: []),
                TestTensor("layer.0.dense.bias", .bfloat16, [700], using: &random),
                TestTensor("layer.1.dense.weight", .bfloat16, [1700, 1500], using: &random),
            ]
            let tuned = base.map { $0.bytes.isEmpty ? $0 : $0.tuned(using: &random) }
            try await test.addBase(try test.folder("base", base))
            let folder = try test.folder("tune", tuned)
            reference = try VersionReference("tune")
            var registration = Registration(name: try ModelName("tune"), base: try VersionReference("base"))
            if lossy {
                registration.lossy = LossyRequest(
                    recipe: try Recipe(codec: "seeded-sign", settings: [:], embeddings: .exact, head: .exact))
            }
            _ = try await test.registry.register(folder, as: registration)
            let output = test.directory.path("pulled")
            _ = try await test.registry.pull(reference, to: output)
            file = Array(try Data(contentsOf: URL(filePath: output + "/model.safetensors")))
            let header = file.count - tuned.reduce(0) { $0 + $1.bytes.count }
            var start = header
            var tensors = tuned
            for position in tensors.indices {
                let end = start + tuned[position].bytes.count
                tensors[position].bytes = Array(file[start..<end])
                start = end
            }
            self.tensors = tensors
        }

        func service(cache: Int = 64 << 20, slots: Int = 8, threads: Int = 2) -> ContentService {
            ContentService(
                registry: test.registry, budget: .init(cacheBytes: cache, slots: slots, threads: threads))
        }
    }

    private func bytes(_ service: ContentService, _ content: ServedContent, _ range: Range<Int>) async throws -> [UInt8]
    {
        var bytes: [UInt8] = []
        try await service.stream(content, range) {
            Array($0)
        } deliver: {
            bytes += $0
        }
        return bytes
    }

    @Test(
        "a file whole and in ranges is that of a pull, exact and lossy, whatever is cached", arguments: [false, true])
    func files(lossy: Bool) async throws {
        let fixture = try await Fixture(seed: 71, lossy: lossy)
        var random = SeededGenerator(seed: 72)
        for service in [fixture.service(), fixture.service(cache: 0, slots: 1, threads: 1)] {
            let content = try service.file("model.safetensors", of: fixture.reference)
            #expect(content.size == fixture.file.count)
            #expect(equalBytes(try await bytes(service, content, 0..<content.size), fixture.file))
            let edge = ChunkGrid.chunkBytes
            var ranges = [
                0..<0, 0..<1, content.size - 1..<content.size, edge - 1..<edge + 2, content.size..<content.size,
            ]
            for _ in 0..<12 {
                let start = Int(random.next() % UInt64(content.size))
                ranges.append(start..<min(content.size, start + Int(random.next() % 5_000_000)))
            }
            for range in ranges {
                let found = try await bytes(service, content, range)
                #expect(equalBytes(found, Array(fixture.file[range])), "range \(range)")
            }
        }
    }

    @Test("a tensor is its bytes, and several are a safetensors file of them in the order they were named")
    func tensors() async throws {
        let fixture = try await Fixture(seed: 73)
        let service = fixture.service()
        for tensor in fixture.tensors {
            let content = try service.tensor(tensor.name, of: fixture.reference)
            let found = try await bytes(service, content, 0..<content.size)
            #expect(equalBytes(found, tensor.bytes), "\(tensor.name)")
        }
        let names = ["layer.1.dense.weight", "empty", "layer.0.dense.bias"]
        let content = try service.tensors(names, of: fixture.reference)
        let found = try await bytes(service, content, 0..<content.size)
        var builder = SafetensorsBuilder()
        for name in names {
            let tensor = try #require(fixture.tensors.first { $0.name == name })
            builder.add(tensor.name, tensor.type, tensor.shape, tensor.bytes)
        }
        let expected = builder.bytes()
        #expect(equalBytes(Array(found.suffix(4_000_000)), Array(expected.suffix(4_000_000))))
        let half = try await bytes(service, content, content.size / 2..<content.size)
        #expect(equalBytes(half, Array(found[(content.size / 2)...])))
    }

    @Test("what there is not is refused by name")
    func unknown() async throws {
        let fixture = try await Fixture(seed: 74)
        let service = fixture.service()
        for attempt in [
            { try service.file("none", of: fixture.reference) }, { try service.tensor("none", of: fixture.reference) },
            { try service.tensors(["empty", "none"], of: fixture.reference) },
            { try service.file("config.json", of: try VersionReference("other")) },
        ] {
            let error = #expect(throws: DeltaicError.self) { _ = try attempt() }
            #expect(error?.code.category == .notFound)
        }
        await #expect(throws: DeltaicError.self) {
            try await service.wholeFile("model.safetensors", of: fixture.reference, limit: 100)
        }
    }

    @Test("a version that is removed while it is read is read to its end, and its packs are let go after that")
    func removed() async throws {
        let fixture = try await Fixture(seed: 75)
        let service = fixture.service(cache: 0)
        let content = try service.file("model.safetensors", of: fixture.reference)
        _ = try await fixture.test.registry.remove(fixture.reference)
        _ = try await fixture.test.registry.remove(try VersionReference("base"))
        _ = try await fixture.test.registry.collectGarbage(GarbageCollection(grace: 0))
        #expect(try fixture.test.packs().isEmpty)
        #expect(equalBytes(try await bytes(service, content, 0..<content.size), fixture.file))
        #expect(throws: DeltaicError.self) { try service.file("model.safetensors", of: fixture.reference) }
        #expect(service.figures.openVersions == 1)
        service.closeRemoved()
        #expect(service.figures.openVersions == 0)
    }

    @Test("a reader that takes nothing loses its chunk to others, and goes on rightly later")
    func slowReader() async throws {
        let fixture = try await Fixture(seed: 76)
        let service = fixture.service(cache: 0, slots: 1)
        let content = try service.file("model.safetensors", of: fixture.reference)
        let (gates, gate) = AsyncStream.makeStream(of: Void.self)
        let (begins, begun) = AsyncStream.makeStream(of: Void.self)
        let slow = Task {
            var bytes: [UInt8] = []
            var isFirst = true
            try await service.stream(content, 0..<content.size) {
                Array($0)
            } deliver: { piece in
                if isFirst {
                    isFirst = false
                    begun.yield()
                    for await _ in gates {}
                }
                bytes += piece
            }
            return bytes
        }
        for await _ in begins { break }
        // The only slot is the slow reader's.
        #expect(equalBytes(try await bytes(service, content, 0..<content.size), fixture.file))
        #expect(service.figures.takenAway > 0)
        gate.finish()
        #expect(equalBytes(try await slow.value, fixture.file))
        #expect(service.figures.heldChunks == 0 && service.figures.activeStreams == 0)
    }

    @Test("many readers of everything at once get what they asked for, within the slots")
    func manyReaders() async throws {
        let fixture = try await Fixture(seed: 77)
        let service = fixture.service(cache: 6 << 20, slots: 3)
        let content = try service.file("model.safetensors", of: fixture.reference)
        let file = fixture.file
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for reader in 0..<40 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(1000 + reader))
                    let start = Int(random.next() % UInt64(file.count))
                    let range = start..<min(file.count, start + 3_000_000)
                    return equalBytes(try await self.bytes(service, content, range), Array(file[range]))
                }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
        #expect(service.figures.cachedBytes <= 6 << 20 && service.figures.heldChunks == 0)
    }

    @Test("a reader that leaves frees what it held")
    func leaving() async throws {
        struct Gone: Error {}
        let fixture = try await Fixture(seed: 78)
        let service = fixture.service(slots: 1)
        let content = try service.file("model.safetensors", of: fixture.reference)
        var pieces = 0
        await #expect(throws: Gone.self) {
            try await service.stream(content, 0..<content.size) {
                $0.count
            } deliver: { _ in
                pieces += 1
                if pieces == 3 { throw Gone() }
            }
        }
        #expect(service.figures.heldChunks == 0 && service.figures.activeStreams == 0)
        #expect(equalBytes(try await bytes(service, content, 0..<content.size), fixture.file))
    }

    @Test("damage ends a stream before its last byte, and is known before the first if it is in the first chunk")
    func damage() async throws {
        let fixture = try await Fixture(seed: 79)
        let original = try fixture.test.packs().keys.map { ($0, try Data(contentsOf: URL(filePath: $0))) }
        var caught = 0
        for (path, data) in original {
            for part in 1...4 {
                var damaged = data
                // Between the header and the index: chunks.
                damaged[damaged.count * part / 6] ^= 0x40
                try damaged.write(to: URL(filePath: path))
                let service = fixture.service(cache: 0)
                var delivered: [UInt8] = []
                do {
                    let content = try service.file("model.safetensors", of: fixture.reference)
                    try await service.stream(content, 0..<content.size) {
                        Array($0)
                    } deliver: {
                        delivered += $0
                    }
                    // The byte was in another file's chunk, or between chunks.
                    #expect(equalBytes(delivered, fixture.file))
                } catch let error as DeltaicError {
                    caught += 1
                    #expect(error.code.category == .damaged && error.description.contains("tune@v1"), "\(error)")
                    #expect(delivered.count < fixture.file.count)
                    #expect(equalBytes(delivered, Array(fixture.file.prefix(delivered.count))))
                }
            }
            try data.write(to: URL(filePath: path))
        }
        #expect(caught >= 4)
    }

    @Test("a digest that the bytes do not have keeps the last chunk back")
    func wrongDigest() async throws {
        let fixture = try await Fixture(seed: 80)
        let service = fixture.service()
        let content = try service.file("model.safetensors", of: fixture.reference)
        let wrong = ServedContent(
            name: "wrong", sha256: try Digest.sha256([1]),
            sources: content.segments.map { ($0.source, $0.name) }, reader: content.reader)
        var count = 0
        let error = await #expect(throws: DeltaicError.self) {
            try await service.stream(wrong, 0..<wrong.size) {
                $0.count
            } deliver: {
                count += $0
            }
        }
        #expect(error?.code == .contentMismatch && count < content.size && count > 0)
    }

    @Test("a catalog that differs from the manifest is not served")
    func falseCatalog() async throws {
        let fixture = try await Fixture(seed: 81)
        try fixture.test.damageCatalog("UPDATE tensors SET name = 'x' WHERE name = 'layer.0.dense.bias'")
        let service = ContentService(registry: try fixture.test.reopened())
        let error = #expect(throws: DeltaicError.self) { try service.tensor("x", of: fixture.reference) }
        #expect(error?.code.category == .damaged)
    }
}
