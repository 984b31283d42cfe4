import Catalog
import DeltaicCore
import Foundation
import PackFormat
import TestSupport
import Testing

@testable import Registry

@Suite("A flipped bit anywhere in a pack is found by whoever reads, and named")
struct PackFlipTests {
    private enum Region: String, CaseIterable {
        case header, objects = "object and chunk records", payload, index, trailer, manifest
    }

    /// Some offsets of each region of a pack.
    private func offsets(_ path: String, using random: inout SeededGenerator) throws -> [(Region, Int)] {
        let reader = try PackReader(path: path)
        let end = reader.byteCount - reader.indexBytes
        let chunks = reader.objects.flatMap(\.chunks)
        let payloads = chunks.map { $0.offset + $0.headerLength..<$0.offset + $0.headerLength + $0.payloadLength }
        let records = chunks.map { $0.offset..<$0.offset + $0.headerLength }
        let lastRecord = payloads.map(\.upperBound).max() ?? 0
        let regions: [(Region, [Range<Int>])] = [
            (.header, [0..<32]), (.objects, records), (.payload, payloads), (.manifest, [lastRecord..<end]),
            (.index, [end..<reader.byteCount - 32]), (.trailer, [reader.byteCount - 32..<reader.byteCount]),
        ]
        return regions.flatMap { region, ranges in
            let ranges = ranges.filter { !$0.isEmpty }
            return (0..<(ranges.isEmpty ? 0 : 6)).map { _ in
                let range = ranges[Int(random.next() % UInt64(ranges.count))]
                return (region, range.lowerBound + Int(random.next() % UInt64(range.count)))
            }
        }
    }

    /// The bytes of every file of every version, or nil for versions that are refused as damaged.
    private func pulled(_ trusted: TrustedRegistry) async throws -> [String: [String: Data]?] {
        let registry = try trusted.test.reopened()
        var found: [String: [String: Data]?] = [:]
        for version in try registry.catalog.allVersions() {
            let output = trusted.test.directory.path("out-\(UUID().uuidString)")
            do {
                _ = try await registry.pull(VersionReference(version.reference), to: output)
                found.updateValue(try trusted.test.contents(of: output), forKey: version.reference)
            } catch let error as DeltaicError {
                #expect(error.code.category == .damaged, "\(error)")
                #expect(error.description.contains("\(version.model)"), "\(error)")
                found.updateValue(nil, forKey: version.reference)
            }
            try? FileManager.default.removeItem(atPath: output)
        }
        return found
    }

    @Test("pulls give what was registered or an error that names the version; the check finds every flip")
    func flips() async throws {
        let trusted = try await TrustedRegistry(seed: 760)
        let right = try await pulled(trusted)
        #expect(right.values.allSatisfy { $0 != nil })
        var random = SeededGenerator(seed: 761)
        var outcomes: [Region: [String: Int]] = [:]
        let known = Set(try trusted.test.registry.catalog.packs().map(\.id))
        for path in try trusted.test.packs().keys.sorted() {
            guard let id = Digest(hex: String(path.suffix(69).prefix(64))), known.contains(id) else { continue }
            let whole = try FolderContents.bytes(of: path)
            for (region, offset) in try offsets(path, using: &random) {
                var damaged = whole
                damaged[offset] ^= 1 << UInt8(random.next() % 8)
                // Another file, as the open one must not change.
                try FileManager.default.removeItem(atPath: path)
                try Data(damaged).write(to: URL(filePath: path))
                var isRefused = false
                for (version, files) in try await pulled(trusted) {
                    guard let files else {
                        isRefused = true
                        continue
                    }
                    #expect(files == right[version] ?? nil, "\(version), \(region) at \(offset)")
                }
                let report = try await trusted.test.reopened().check(isQuick: false)
                #expect(!report.problems.isEmpty, "\(region) at \(offset)")
                let outcome = isRefused ? "refused" : report.problems.isEmpty ? "lost" : "found"
                outcomes[region, default: [:]][outcome, default: 0] += 1
            }
            try FileManager.default.removeItem(atPath: path)
            try Data(whole).write(to: URL(filePath: path))
        }
        #expect(try await pulled(trusted) == right)
        for region in Region.allCases {
            let found = try #require(outcomes[region])
            try Evidence.record(
                family: 5, "bit flips in packs: \(region.rawValue)", tried: found.values.reduce(0, +), outcomes: found)
        }
    }
}
