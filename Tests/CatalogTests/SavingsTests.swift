import DeltaicCore
import TestSupport
import Testing

@testable import Catalog

@Suite("Savings")
struct SavingsTests {
    let catalog: TestCatalog
    var database: CatalogDatabase { catalog.database }

    init() throws { catalog = try TestCatalog() }

    @Test("versions are in the groups of their model, base and task")
    func groups() throws {
        let base = try database.publish(newVersion("base", seed: "0", isBase: true, task: "math", packBytes: 1))
        _ = try database.publish(newVersion("a", seed: "1", base: base.id, task: "math", packBytes: 10))
        _ = try database.publish(newVersion("a", seed: "2", base: base.id, packBytes: 100))
        _ = try database.publish(newVersion("solo", seed: "3", task: "code", packBytes: 1000))
        func sums(_ grouping: SavingsRow.Grouping) throws -> [String] {
            try database.savings(by: grouping).map { "\($0.group) \($0.versions) \($0.storedBytes) \($0.rawBytes)" }
        }
        #expect(try sums(.model) == ["a 2 110 256", "base 1 1 128", "solo 1 1000 128"])
        #expect(try sums(.base) == ["base 3 111 384", "(none) 1 1000 128"])
        #expect(try sums(.task) == ["code 1 1000 128", "math 1 10 128", "(none) 2 101 256"])
    }

    @Test("an empty registry has no groups and no bytes")
    func empty() throws {
        #expect(try database.savings(by: .base) == [])
        #expect(
            try database.savingsTotal()
                == SavingsTotal(versions: 0, rawBytes: 0, storedBytes: 0, retainedBytes: 0, garbageBytes: 0))
    }

    @Test("after any publishes and removals, groups and retained packs add up to all packs", arguments: 1...6)
    func invariant(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var versions: [VersionRecord] = []
        var words: [VersionID: [String]] = [:]
        for step in 0..<60 {
            if !versions.isEmpty, Int.random(in: 0..<3, using: &random) == 0 {
                let victims = versions.filter { _ in Int.random(in: 0..<6, using: &random) == 0 }.map(\.id)
                if let result = try? database.remove(victims) {
                    versions.removeAll { victims.contains($0.id) }
                    #expect(Set(result.removedVersions.map(\.id)) == Set(victims))
                }
            } else {
                let isBase = Int.random(in: 0..<4, using: &random) == 0
                let base = isBase ? nil : versions.randomElement(using: &random)
                let usable = base.flatMap { words[$0.id] } ?? []
                let word = "\(seed) \(step)"
                let version = try database.publish(
                    newVersion(
                        "\(isBase ? "base" : "model")-\(Int.random(in: 0..<4, using: &random))", seed: word,
                        isBase: isBase, base: Bool.random(using: &random) ? base?.id : nil,
                        task: ["math", "code", nil].randomElement(using: &random) ?? nil,
                        packBytes: Int.random(in: 0..<100_000, using: &random),
                        contents: [Content(word: word, base: usable.randomElement(using: &random))],
                        reused: Array(usable.prefix(Int.random(in: 0..<3, using: &random)))))
                versions.append(version)
                words[version.id] = [word]
            }
            let total = try database.savingsTotal()
            let inUse = try database.packs().reduce(0) { $0 + $1.byteCount }
            #expect(total.garbageBytes == (try database.garbage().reduce(0) { $0 + $1.byteCount }))
            #expect(total.storedBytes == inUse + total.garbageBytes)
            for grouping in [SavingsRow.Grouping.model, .base, .task, .codec] {
                let rows = try database.savings(by: grouping)
                #expect(rows.reduce(0) { $0 + $1.storedBytes } + total.retainedBytes == inUse)
                #expect(rows.reduce(0) { $0 + $1.rawBytes } == total.rawBytes)
                #expect(rows.reduce(0) { $0 + $1.versions } == total.versions)
            }
            try expectDecodable(versions)
        }
        #expect(try database.check() == [])
        _ = try database.remove(versions.map(\.id))
        #expect(try database.packs() == [])
    }

    /// What every version needs is stored, down to what depends on nothing.
    private func expectDecodable(_ versions: [VersionRecord]) throws {
        let packs = Set(try database.packs().map(\.id))
        for version in versions {
            var wanted = try database.files(of: version.id).flatMap(\.tensors).map(\.object)
            while let next = wanted.popLast() {
                let object = try #require(try database.object(next), "\(version.reference) needs \(next.short)")
                #expect(packs.contains(object.pack))
                wanted += object.dependencies
            }
        }
    }
}
