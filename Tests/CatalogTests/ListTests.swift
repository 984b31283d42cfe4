import DeltaicCore
import Testing

@testable import Catalog

@Suite("Listing models")
struct ListTests {
    let catalog: TestCatalog
    var database: CatalogDatabase { catalog.database }

    init() throws {
        catalog = try TestCatalog()
        let base = try catalog.database.publish(newVersion("minilm", seed: "0", isBase: true))
        for (seed, model, task, tags) in [
            ("1", "org/b", "math", ["prod"]), ("2", "org/b", "code", []), ("3", "org/a", "math", []),
            ("4", "solo", nil, ["prod"]),
        ] as [(String, String, String?, [String])] {
            _ = try catalog.database.publish(
                newVersion(model, seed: seed, base: model == "solo" ? nil : base.id, task: task, tags: tags))
        }
    }

    func list(_ filter: ModelFilter) throws -> [String] {
        try database.latestVersions(filter).map(\.latest.reference)
    }

    @Test("every model is there once, by name, with its newest version and the sums of all")
    func all() throws {
        let models = try database.latestVersions()
        #expect(models.map(\.latest.reference) == ["minilm@v1", "org/a@v1", "org/b@v2", "solo@v1"])
        #expect(models[2].versionCount == 2)
        #expect(models[2].storedBytes == 2000)
        #expect(models[2].rawBytes == 2 * models[2].latest.rawBytes)
        #expect(try database.latestVersions()[2].latest == database.versions(of: name("org/b"))[0])
    }

    @Test("a filter shows the newest version that passes it")
    func filters() throws {
        #expect(try list(ModelFilter(base: name("minilm"))) == ["org/a@v1", "org/b@v2"])
        #expect(try list(ModelFilter(task: "math")) == ["org/a@v1", "org/b@v1"])
        #expect(try list(ModelFilter(tag: "prod")) == ["org/b@v1", "solo@v1"])
        #expect(try list(ModelFilter(isBase: true)) == ["minilm@v1"])
        #expect(try list(ModelFilter(isBase: false, namespace: "org")) == ["org/a@v1", "org/b@v2"])
        #expect(
            try list(ModelFilter(base: name("minilm"), task: "math", tag: "prod", isBase: false, namespace: "org"))
                == ["org/b@v1"])
        #expect(try list(ModelFilter(task: "none")) == [])
    }

    @Test("pages follow each other without a gap")
    func pages() throws {
        #expect(try list(ModelFilter(limit: 2)) == ["minilm@v1", "org/a@v1"])
        func after(_ text: String) throws -> ListCursor {
            ListCursor(order: ListOrder(.name), figure: 0, name: try name(text))
        }
        #expect(try list(ModelFilter(after: after("org/a"), limit: 2)) == ["org/b@v2", "solo@v1"])
        #expect(try list(ModelFilter(after: after("solo"), limit: 2)) == [])
        #expect(try list(ModelFilter(limit: 0)) == [])
    }

    @Test("a task counts its models, not its versions")
    func tasks() throws {
        try database.addTask("math", description: "sums")
        try database.addTask("empty")
        try database.addTask("math")
        let tasks = try database.tasks()
        #expect(tasks.map(\.name) == ["code", "empty", "math"])
        #expect(tasks.map(\.description) == [nil, nil, "sums"])
        #expect(tasks.map(\.modelCount) == [1, 0, 2])
    }

    @Test("a task's name follows the rule of names")
    func taskNames() throws {
        #expect(throws: DeltaicError.self) { try database.addTask("no spaces") }
        #expect(throws: DeltaicError.self) { try database.publish(newVersion("m", seed: "9", task: "a/b")) }
    }

    @Test("300 models with 20 tensors each are listed, shown and summed up")
    func manyModels() throws {
        for model in 0..<300 {
            let contents = (0..<20).map { Content(word: "\(model) \($0)") }
            _ = try database.publish(newVersion("many/model-\(model)", seed: "many \(model)", contents: contents))
        }
        let models = try database.latestVersions(ModelFilter(namespace: "many"))
        #expect(models.count == 300)
        #expect(models.map(\.latest.model.description) == models.map(\.latest.model.description).sorted())
        #expect(try database.files(of: #require(models.last).latest.id)[0].tensors.count == 20)
        #expect(try database.savings(by: .model).count == 304)
        #expect(try database.check() == [])
    }
}
