internal import DeltaicCore
internal import TensorFiles
internal import TestSupport
internal import Testing

@Suite("Damaged safetensors headers")
struct HeaderMutationTests {
    @Test("a header with random damage is refused or stays consistent with the file", arguments: [1, 2, 3] as [UInt64])
    func mutations(seed: UInt64) throws {
        var builder = SafetensorsBuilder()
        builder.metadata = ["format": "pt"]
        builder.padding = 3
        builder.add("model.embed\u{e9}", .float32, [2, 3], [UInt8](repeating: 0, count: 24))
        builder.add("b", .bfloat16, [4], [UInt8](repeating: 0, count: 8))
        builder.add("empty", .int64, [0, 7], [])
        let valid = builder.bytes()
        let directory = try TemporaryDirectory()
        var generator = SeededGenerator(seed: seed)
        let interesting = Array("\"\\{}[],:0123456789-.eEu \n".utf8) + [0, 0xff, 0xc3]
        var accepted = 0
        for trial in 0..<1000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                // Mostly in the JSON: damage to the length is refused at once.
                let position = Int.random(in: trial % 20 == 0 ? 0..<8 : 8..<valid.count - 32, using: &generator)
                bytes[position] =
                    Bool.random(using: &generator)
                    ? interesting[Int.random(in: 0..<interesting.count, using: &generator)]
                    : UInt8(truncatingIfNeeded: generator.next())
            }
            if trial % 7 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            let path = try directory.write("m.safetensors", bytes)
            let file = try ReadOnlyFile(path: path)
            do {
                let header = try SafetensorsHeader.read(from: file)
                accepted += 1
                var end = header.headerBytes.count
                for entry in header.entries where !entry.bytes.isEmpty {
                    #expect(entry.bytes.lowerBound == end, "seed \(seed), trial \(trial)")
                    #expect(entry.bytes.count == entry.shape.elementCount * entry.type.width)
                    end = entry.bytes.upperBound
                }
                #expect(end == bytes.count, "seed \(seed), trial \(trial)")
                #expect(header.headerBytes == Array(bytes.prefix(header.headerBytes.count)))
            } catch {
                // The only error that reading throws, by its type.
                let refusal: DeltaicError = error
                #expect(refusal.code == .malformedSafetensors || refusal.code == .unsupportedElementType)
            }
        }
        #expect(accepted > 0 && accepted < 1000)
    }
}
