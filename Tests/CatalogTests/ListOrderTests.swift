import DeltaicCore
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The order and the pages of a listing")
struct ListOrderTests {
    let catalog: TestCatalog
    var database: CatalogDatabase { catalog.database }

    init() throws { catalog = try TestCatalog() }

    /// Models with figures that are often equal, some of them with two versions, some removed.
    private func fill(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let base = try database.publish(newVersion("base", seed: "base", isBase: true))
        for model in 0..<40 {
            let namespace = ["", "org/", "Org/", "org_1/"][Int(random.next() % 4)]
            for version in 0..<Int(1 + random.next() % 2) {
                let task = random.next() % 2 == 0 ? "math" : nil
                let new = try newVersion(
                    "\(namespace)m\(random.next() % 1000)-\(model % 20)", seed: "\(model) \(version)", base: base.id,
                    task: task, tags: random.next() % 3 == 0 ? ["prod"] : [], packBytes: Int(random.next() % 3) * 1000,
                    createdAt: 1_700_000_000 + Int(random.next() % 3),
                    contents: (0..<Int(random.next() % 3)).map { Content(word: "\(model) \(version) \($0)") })
                let record = try database.publish(new)
                if random.next() % 8 == 0 { _ = try database.remove([record.id]) }
            }
        }
    }

    private func sorted(_ models: [ModelSummary], _ order: ListOrder) -> [ModelSummary] {
        models.sorted { left, right in
            let (one, other) = (left.cursor(in: order), right.cursor(in: order))
            let names = (one.name.description, other.name.description)
            if order.key == .name { return order.isDescending ? names.0 > names.1 : names.0 < names.1 }
            if one.figure == other.figure { return names.0 < names.1 }
            return order.isDescending ? one.figure > other.figure : one.figure < other.figure
        }
    }

    @Test("every order is that of its figure, equal ones by name", arguments: ListOrder.all)
    func orders(order: ListOrder) throws {
        try fill(seed: 7)
        let models = try database.latestVersions()
        let listed = try database.latestVersions(ModelFilter(order: order))
        #expect(listed.map(\.latest.reference) == sorted(models, order).map(\.latest.reference))
        #expect(try database.check() == [])
    }

    @Test(
        "pages of any size are the listing cut in pieces, whatever is filtered", arguments: ListOrder.all, [1, 3, 100])
    func pages(order: ListOrder, size: Int) throws {
        try fill(seed: 8)
        let filters = try [
            ModelFilter(order: order), ModelFilter(base: name("base"), order: order),
            ModelFilter(task: "math", order: order), ModelFilter(tag: "prod", order: order),
            ModelFilter(isBase: false, order: order), ModelFilter(namespace: "org", order: order),
            ModelFilter(search: "M", order: order),
            ModelFilter(base: name("base"), task: "math", tag: "prod", isBase: false, search: "1", order: order),
        ]
        for filter in filters {
            let all = try database.latestVersions(filter)
            var paged: [ModelSummary] = []
            var next = filter
            next.limit = size
            while true {
                let page = try database.latestVersions(next)
                paged += page
                guard let last = page.last else { break }
                next.after = try ListCursor.parse(last.cursor(in: order).description)
            }
            #expect(paged == all, "\(filter)")
            #expect(all.map(\.latest.reference) == sorted(all, order).map(\.latest.reference), "\(filter)")
        }
    }

    @Test("models are found by a part of the name in any letter case, and nothing in the text is a wildcard")
    func search() throws {
        for (seed, model) in ["org/Foo_bar", "org/foo-bar", "Org2/x.y"].enumerated() {
            _ = try database.publish(newVersion(model, seed: "\(seed)"))
        }
        func found(_ text: String) throws -> [String] {
            try database.latestVersions(ModelFilter(search: text)).map(\.latest.model.description)
        }
        #expect(try found("FOO") == ["org/Foo_bar", "org/foo-bar"])
        #expect(try found("o_b") == ["org/Foo_bar"])
        #expect(try found("G/f") == ["org/Foo_bar", "org/foo-bar"])
        #expect(try found("x.y") == ["Org2/x.y"])
        #expect(try found("").count == 3)
        for text in ["%", "o%b", "x_y", "\\", "foo\0", "\u{212a}", "'", String(repeating: "a", count: 100_000)] {
            #expect(try found(text) == [], "\(text.prefix(20))")
        }
    }

    @Test("a filter shows the newest version that passes it, and is ordered by the figures of the whole model")
    func figuresOfTheModel() throws {
        _ = try database.publish(newVersion("a", seed: "1", task: "math", createdAt: 10))
        _ = try database.publish(newVersion("b", seed: "2", task: "math", createdAt: 20))
        _ = try database.publish(newVersion("a", seed: "3", createdAt: 30))
        let order = ListOrder(.created, descending: true)
        let models = try database.latestVersions(ModelFilter(task: "math", order: order))
        #expect(models.map(\.latest.reference) == ["a@v1", "b@v1"])
        #expect(models.map(\.newestAt) == [30, 20])
    }

    @Test("the date of a model is that of its newest version, also after one is removed")
    func newestAt() throws {
        let first = try database.publish(newVersion("m", seed: "1", createdAt: 10))
        let second = try database.publish(newVersion("m", seed: "2", createdAt: 20))
        _ = try database.remove([second.id])
        #expect(try database.latestVersions().map(\.newestAt) == [10])
        _ = try database.remove([first.id])
        #expect(try database.latestVersions() == [])
        _ = try database.publish(newVersion("m", seed: "3", createdAt: 5))
        #expect(try database.latestVersions().map(\.newestAt) == [5])
        #expect(try database.check() == [])
    }

    @Test("a cursor of another order is refused")
    func otherOrder() throws {
        let cursor = ListCursor(order: ListOrder(.created), figure: 1, name: try name("a"))
        for order in ListOrder.all where order != cursor.order {
            let error = #expect(throws: DeltaicError.self) {
                try database.latestVersions(ModelFilter(order: order, after: cursor))
            }
            #expect(error?.code == .badCursor && error?.code.category == .refusedInput)
        }
    }

    @Test("no page reads or sorts more than its index", arguments: ListOrder.all)
    func plans(order: ListOrder) throws {
        let cursor = ListCursor(order: order, figure: order.key == .name ? 0 : 1, name: try name("org/a"))
        let filters = try [
            ModelFilter(order: order, after: cursor, limit: 1),
            ModelFilter(
                base: name("base"), task: "t", tag: "g", isBase: true, namespace: "org", search: "x", order: order,
                after: cursor, limit: 1),
        ]
        for filter in filters {
            let statement = ListStatement(filter)
            let plan = try database.plan(of: statement)
            #expect(plan.first?.hasPrefix("SEARCH m USING") == true, "\(plan)")
            let sortsOrScans = plan.filter {
                $0.contains("ORDER BY") || $0.hasPrefix("SCAN") && $0 != "SCAN models USING INDEX bases"
            }
            #expect(sortsOrScans == [], "\(plan)")
        }
    }

    @Test("a name in another letter case is found unless two fit")
    func canonicalName() throws {
        for (seed, model) in ["Org/Model", "twice/A", "twice/a", "gone/m"].enumerated() {
            let version = try database.publish(newVersion(model, seed: "\(seed)"))
            if model == "gone/m" { _ = try database.remove([version.id]) }
        }
        func canonical(_ text: String) throws -> String? { try database.canonicalName(name(text))?.description }
        #expect(try canonical("Org/Model") == "Org/Model")
        #expect(try canonical("oRG/mODEL") == "Org/Model")
        #expect(try canonical("twice/a") == "twice/a")
        #expect(try canonical("Twice/A") == nil)
        #expect(try canonical("Gone/M") == nil)
        #expect(try canonical("other") == nil)
    }

    @Test("a catalog from before listings had orders gets the dates of its models")
    func migrates() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("catalog.sqlite")
        let before = try CatalogDatabase.create(
            path: path, migrations: Array(CatalogMigrations.before("v004-service")))
        try before.write { database in
            try database.run("INSERT INTO models (name, is_base, last_number) VALUES ('old', 1, 2), ('none', 0, 1)")
            for (number, createdAt) in [(1, 50), (2, 40)] {
                try database.run(
                    """
                    INSERT INTO versions (model_id, number, commit_id, tree_id, created_at, raw_bytes, stored_bytes,
                        tensor_count, file_count) VALUES (1, ?, randomblob(20), zeroblob(20), ?, 0, 0, 0, 0)
                    """, [number, createdAt])
            }
        }
        let catalog = try CatalogDatabase.open(path: path)
        #expect(try catalog.latestVersions().map(\.newestAt) == [40])
        #expect(try catalog.check() == [])
    }
}
