internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("A pack read without its index")
struct PackScannerTests {
    /// Writes a changed copy of the sample and scans it.
    private func scan(_ sample: PackSample, _ body: (inout [UInt8]) -> Void) throws -> PackScan {
        let directory = try TemporaryDirectory()
        var bytes = sample.file
        body(&bytes)
        return try PackScanner(path: try directory.write("changed.pack", bytes)).scan()
    }

    @Test("a scan of a whole pack finds what the index says")
    func whole() throws {
        let sample = try PackSample()
        let scan = try scan(sample) { _ in }
        #expect(scan.objects == (try PackReader(path: sample.path)).objects)
        #expect(scan.manifest == PackSample.manifest)
    }

    @Test("header, index and trailer can all be lost")
    func withoutIndex() throws {
        let sample = try PackSample()
        let reader = try PackReader(path: sample.path)
        let scan = try scan(sample) { bytes in
            for index in 0..<32 { bytes[index] = 0 }
            for index in bytes.count - reader.indexBytes..<bytes.count { bytes[index] = 0xff }
        }
        #expect(scan.objects == reader.objects)
        #expect(scan.manifest == PackSample.manifest)
        #expect(scan.gaps == [sample.file.count - reader.indexBytes..<sample.file.count])
    }

    @Test("a pack that is cut off gives the objects before the cut")
    func cut() throws {
        let sample = try PackSample()
        let reader = try PackReader(path: sample.path)
        let third = try #require(reader.objects[2].chunks.first)
        let scan = try scan(sample) { $0 = Array($0.prefix(third.offset + 5)) }
        #expect(scan.objects == Array(reader.objects.prefix(2)))
        #expect(scan.manifest == nil)
    }

    @Test("a damaged record costs its own object and no other", arguments: 0..<3)
    func damagedRecord(object: Int) throws {
        let sample = try PackSample()
        let reader = try PackReader(path: sample.path)
        let chunk = try #require(reader.objects[object].chunks.first)
        let scan = try scan(sample) { $0[chunk.offset + 13] ^= 0x40 }
        let lost = reader.objects[object].description.digest
        #expect(
            scan.objects.map(\.description.digest) == reader.objects.map(\.description.digest).filter { $0 != lost })
        #expect(scan.manifest == PackSample.manifest)
        #expect(scan.gaps.contains { $0.contains(chunk.offset) })
    }

    @Test("any single flipped byte is survived", arguments: [1 as UInt8, 0x80, 0xff])
    func flips(mask: UInt8) throws {
        let sample = try PackSample()
        for position in sample.file.indices {
            let scan = try scan(sample) { $0[position] ^= mask }
            #expect(scan.objects.count >= 3, "byte \(position)")
        }
    }
}
