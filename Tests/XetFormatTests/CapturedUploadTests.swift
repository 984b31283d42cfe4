internal import DeltaicCore
internal import TestSupport
internal import Testing
internal import XetFormat

@Suite("What hf_xet sent")
struct CapturedUploadTests {
    @Test(
        "every file of a captured shard comes out of the captured xorbs with its SHA-256",
        arguments: [CapturedUpload.current, .old])
    func files(upload: CapturedUpload) throws {
        let shard = try upload.shard()
        #expect(shard.files.count == upload.files)
        for file in shard.files {
            let bytes = try upload.content(of: file, of: shard)
            #expect(bytes.count == file.size)
            #expect(try Digest.sha256(bytes) == file.digest)
        }
    }

    @Test("the captured xorb has chunks of every coding, and grouped ones of a length that four does not divide")
    func codings() throws {
        let xorb = try XorbFile(path: CapturedUpload.current.xorbPath)
        #expect(Set(xorb.chunks.map(\.coding)) == [.none, .lz4, .groupedLZ4])
    }

    @Test("hashes are printed as four little-endian words, and read back")
    func hashText() throws {
        let hash = try #require(XetHash(bytes: Array(0..<32)))
        #expect(hash.text == "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918")
        #expect(XetHash(text: hash.text) == hash)
        #expect(XetHash(text: hash.text.uppercased()) == nil)
        #expect(XetHash(text: String(hash.text.dropLast(2))) == nil)
        #expect(XetHash(text: "../" + hash.text.dropLast(3)) == nil)
        #expect(XetHash(bytes: Array(0..<31)) == nil)
    }
}
