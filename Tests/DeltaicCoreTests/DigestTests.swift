internal import DeltaicCore
internal import Foundation
internal import TestSupport
internal import Testing

@Suite("Digests")
struct DigestTests {
    @Test("hexadecimal text comes back")
    func hex() throws {
        let seed: UInt64 = 1
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let digest = try #require(Digest(bytes: generator.bytes(32)))
            #expect(Digest(hex: digest.hex) == digest, "seed \(seed)")
            #expect(Digest(hex: digest.hex.uppercased()) == digest, "seed \(seed)")
            #expect(digest.hex == digest.hex.lowercased() && digest.hex.count == 64)
            #expect(digest.short == digest.hex.prefix(12))
        }
    }

    @Test("bytes of another number are refused", arguments: [0, 20, 31, 33])
    func length(count: Int) {
        #expect(Digest(bytes: [UInt8](repeating: 0, count: count)) == nil)
    }

    @Test(
        "text that is not 64 hexadecimal digits is refused",
        arguments: [0, 1, 40, 63, 65].map { String(repeating: "a", count: $0) }
            + ["g", " ", "-", "é"].map { String(repeating: "a", count: 63) + $0 })
    func text(text: String) {
        #expect(Digest(hex: text) == nil)
    }

    @Test("a Git object id has 40 digits and a digest 64")
    func widths() {
        #expect(GitObjectID(hex: String(repeating: "0", count: 40)) != nil)
        #expect(GitObjectID(hex: String(repeating: "0", count: 64)) == nil)
        #expect(Digest(hex: String(repeating: "0", count: 64)) != nil)
    }

    @Test("digests are ordered by their bytes")
    func order() throws {
        let low = try #require(Digest(bytes: [0, 255] + [UInt8](repeating: 0, count: 30)))
        let high = try #require(Digest(bytes: [1, 0] + [UInt8](repeating: 0, count: 30)))
        #expect(low < high && !(high < low) && !(low < low))
    }

    @Test("a digest is a string in JSON, and another string is refused")
    func json() throws {
        let digest = try Digest.sha256([1])
        let data = try JSONEncoder().encode([digest])
        #expect(String(decoding: data, as: UTF8.self) == "[\"\(digest.hex)\"]")
        #expect(try JSONDecoder().decode([Digest].self, from: data) == [digest])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Digest].self, from: Data("[\"ab\"]".utf8)) }
    }
}
