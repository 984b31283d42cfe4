internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("Golden vectors")
struct GoldenVectorTests {
    @Test("an accepted vector decodes to what its description says", arguments: VectorFolder.names("accept"))
    func accepted(name: String) throws {
        let expected = try VectorDescription(json: try VectorFolder.read("accept/\(name).json"))
        let reader = try VectorReader(VectorFolder.path("accept/\(name).pack"))
        #expect(try VectorDescription(shows: expected.shows, reader) == expected)
    }

    @Test("a rejected vector is refused by the rule of its name", arguments: VectorFolder.names("reject"))
    func rejected(name: String) throws {
        let error = try #require(throws: DeltaicError.self) {
            try VectorReader(VectorFolder.path("reject/\(name).pack"))
        }
        let rule = name.split(separator: "-").prefix(2).joined(separator: "-")
        #expect(error.message.contains(rule + ":"), "\(error)")
    }

    @Test(
        "the decoder written from the specification reads the accepted vectors", arguments: VectorFolder.names("accept")
    )
    func reference(name: String) throws {
        for chunk in try VectorReader(VectorFolder.path("accept/\(name).pack")).chunks
        where chunk.encoded.codec == .exact {
            let type = try #require(chunk.type)
            let words = try ReferenceExactDecoder(chunk.encoded.streams, type: type)
                .decode(base: TensorWords.words(chunk.base, width: type.width))
            let isSame = TensorWords.bytes(words, width: type.width) == chunk.raw
            #expect(isSame)
        }
    }

    @Test("the accepted vectors reach every part of the exact codec")
    func coverage() throws {
        var seen: Set<String> = []
        for chunk in try VectorReader(VectorFolder.path("accept/exact-f32.pack")).chunks
        where chunk.encoded.codec == .exact {
            let decoder = try ReferenceExactDecoder(chunk.encoded.streams, type: .float32)
            if decoder.parameters.classes > 1 { seen.insert("classes") }
            if decoder.parameters.shift > 0 { seen.insert("shift") }
            if decoder.parameters.slope != 0 { seen.insert("slope") }
            if decoder.parameters.staircaseBits > 0 { seen.insert("staircase") }
            if decoder.raw.count > 8 { seen.insert("tail") }
            for mode in decoder.raw[3] { seen.insert("mode \(mode)") }
        }
        #expect(seen == ["classes", "shift", "slope", "staircase", "tail", "mode 0", "mode 1", "mode 2"])
    }

    @Test("every vector that the maker knows is there, and no other")
    func complete() {
        #expect(VectorFolder.names("accept") == AcceptVector.all.map(\.name).sorted())
        #expect(VectorFolder.names("reject") == RejectVector.all.map(\.name).sorted())
    }

    @Test("the vectors stay small")
    func size() throws {
        var total = 0
        for (folder, names) in [("accept", VectorFolder.names("accept")), ("reject", VectorFolder.names("reject"))] {
            for name in names {
                let count = try VectorFolder.read("\(folder)/\(name).pack").count
                #expect(count < 40_960, "\(name)")
                total += count
            }
        }
        #expect(total < 409_600)
    }
}
