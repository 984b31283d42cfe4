import DeltaicCore
import Testing

@testable import Catalog

@Suite("Growth, lineage and profiles")
struct GrowthTests {
    let catalog: TestCatalog
    var database: CatalogDatabase { catalog.database }

    init() throws { catalog = try TestCatalog() }

    private static let day = 86400

    @Test("growth counts each version on its day, of one namespace or of all, and no more when it is removed")
    func growth() throws {
        let base = try database.publish(newVersion("base", seed: "0", isBase: true, packBytes: 1, createdAt: 0))
        let tuned = try database.publish(
            newVersion("org/a", seed: "1", base: base.id, packBytes: 10, createdAt: 3 * Self.day - 1))
        _ = try database.publish(newVersion("org/a", seed: "2", base: base.id, packBytes: 100, createdAt: 3 * Self.day))
        _ = try database.publish(
            newVersion("orga/b", seed: "3", base: base.id, packBytes: 1000, createdAt: 3 * Self.day + 5))
        func days(_ namespace: String?) throws -> [String] {
            try database.growth(namespace: namespace).map {
                "\($0.day) \($0.versions) \($0.rawBytes) \($0.storedBytes)"
            }
        }
        #expect(try days(nil) == ["0 1 128 1", "2 1 128 10", "3 2 256 1100"])
        #expect(try days("org") == ["2 1 128 10", "3 1 128 100"])
        #expect(try days("none") == [])
        _ = try database.remove([tuned.id])
        #expect(try days("org") == ["3 1 128 100"])
        #expect(try database.fineTuneCount(of: name("base")) == 2)
        #expect(try database.fineTuneCount(of: name("base"), namespace: "org") == 1)
        #expect(try database.fineTuneCount(of: name("org/a")) == 0)
    }

    @Test("savings of a namespace are those of its models, in every grouping; by codec every version counts once")
    func savings() throws {
        let base = try database.publish(newVersion("base", seed: "0", isBase: true, task: "math", packBytes: 1))
        let own = try database.publish(newVersion("org/own", seed: "4", isBase: true, packBytes: 7))
        _ = try database.publish(newVersion("org/a", seed: "1", base: base.id, task: "math", packBytes: 10))
        _ = try database.publish(newVersion("org/a", seed: "2", base: own.id, packBytes: 100))
        _ = try database.publish(newVersion("b", seed: "3", base: base.id, task: "math", packBytes: 1000))
        func sums(_ grouping: SavingsRow.Grouping, _ namespace: String? = nil) throws -> [String] {
            try database.savings(by: grouping, namespace: namespace).map {
                "\($0.group) \($0.versions) \($0.storedBytes)"
            }
        }
        #expect(try sums(.base, "org") == ["base 1 10", "org/own 2 107"])
        #expect(try sums(.task, "org") == ["math 1 10", "(none) 2 107"])
        #expect(try sums(.model, "org") == ["org/a 2 110", "org/own 1 7"])
        #expect(try sums(.codec, "org") == ["exact 2 110", "solo 1 7"])
        #expect(try sums(.codec) == ["exact 3 1110", "solo 2 8"])
        for grouping in [SavingsRow.Grouping.model, .base, .task, .codec] {
            let rows = try database.savings(by: grouping)
            #expect(rows.reduce(0) { $0 + $1.storedBytes } == 1118 && rows.reduce(0) { $0 + $1.versions } == 5)
            #expect(try database.savings(by: grouping, namespace: "none") == [])
        }
    }

    @Test("packs are listed with whose they are, the largest first, page by page")
    func packs() throws {
        let base = try database.publish(newVersion("base", seed: "0", isBase: true, packBytes: 5))
        _ = try database.publish(newVersion("a", seed: "1", base: base.id, packBytes: 30))
        let gone = try database.publish(
            newVersion("a", seed: "2", base: base.id, packBytes: 20, contents: [Content(word: "w")]))
        _ = try database.publish(newVersion("b", seed: "3", base: base.id, packBytes: 10, reused: ["w"]))
        _ = try database.remove([gone.id])
        let all = try database.packListings(offset: 0, limit: 10)
        #expect(all.map(\.pack.byteCount) == [30, 20, 10, 5])
        #expect(all.map(\.version) == ["a@v1", nil, "b@v1", "base@v1"])
        #expect(all.map(\.objectCount) == [2, 3, 2, 2])
        #expect(try database.packListings(offset: 1, limit: 2).map(\.pack.byteCount) == [20, 10])
    }

    @Test("a profile is kept for one version against one base, and goes with the version")
    func profiles() throws {
        let base = try database.publish(newVersion("base", seed: "0", isBase: true))
        let tuned = try database.publish(newVersion("a", seed: "1", base: base.id))
        #expect(try database.profile(of: tuned.id, against: base.commit) == nil)
        try database.keepProfile("{}", of: tuned.id, against: base.commit)
        try database.keepProfile("{\"a\":1}", of: tuned.id, against: base.commit)
        #expect(try database.profile(of: tuned.id, against: base.commit) == "{\"a\":1}")
        #expect(try database.profile(of: tuned.id, against: tuned.commit) == nil)
        _ = try database.remove([tuned.id])
        #expect(try database.profile(of: tuned.id, against: base.commit) == nil)
        // Removed while it was measured: nothing to keep, and no error.
        try database.keepProfile("{}", of: tuned.id, against: base.commit)
        #expect(try database.check() == [])
    }
}
