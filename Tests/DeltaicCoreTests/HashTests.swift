internal import DeltaicCore
internal import Foundation
internal import TestSupport
internal import Testing

/// What a hash gives for "", "abc" and a million times "a" (FIPS 180-4's examples).
private struct KnownAnswer: Sendable {
    let function: StreamingHash.Function
    let input: [UInt8]
    let hex: String

    static let all = [
        KnownAnswer(
            function: .sha256, input: [], hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        KnownAnswer(
            function: .sha256, input: Array("abc".utf8),
            hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        KnownAnswer(
            function: .sha256, input: [UInt8](repeating: 0x61, count: 1_000_000),
            hex: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        KnownAnswer(function: .sha1, input: [], hex: "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        KnownAnswer(function: .sha1, input: Array("abc".utf8), hex: "a9993e364706816aba3e25717850c26c9cd0d89d"),
        KnownAnswer(
            function: .sha1, input: [UInt8](repeating: 0x61, count: 1_000_000),
            hex: "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ]
}

@Suite("Hashes")
struct HashTests {
    @Test("known answers hold, however the input is cut", arguments: [1_000_001, 4096, 333])
    func knownAnswers(piece: Int) throws {
        for answer in KnownAnswer.all {
            var hash = try StreamingHash(answer.function)
            for start in stride(from: 0, to: answer.input.count, by: piece) {
                hash.update(Array(answer.input[start..<min(start + piece, answer.input.count)]))
            }
            let value = hash.finish().map { String(format: "%02x", $0) }.joined()
            #expect(value == answer.hex, "\(answer.function) of \(answer.input.count) bytes")
        }
    }

    @Test("the digest of bytes in memory is their SHA-256")
    func digest() throws {
        for answer in KnownAnswer.all where answer.function == .sha256 {
            #expect(try Digest.sha256(answer.input).hex == answer.hex)
        }
    }

    @Test("XXH3 of nothing is the published value")
    func fastHash() {
        #expect(FastHash.checksum([UInt8]()) == 0x2D06_8005_38D3_94C2)
        let key = [UInt8]().withUnsafeBytes { FastHash.blockKey($0) }
        #expect(key == BlockKey(low: 0x6001_C324_468D_497F, high: 0x99AA_06D3_0147_98D8))
    }

    @Test("XXH3 tells bytes and lengths apart")
    func fastHashDiffers() {
        let inputs: [[UInt8]] = [[], [0], [0, 0], [1], [0, 1]]
        #expect(Set(inputs.map { FastHash.checksum($0) }).count == inputs.count)
        #expect(Set(inputs.map { bytes in bytes.withUnsafeBytes { FastHash.blockKey($0) } }).count == inputs.count)
    }
}
