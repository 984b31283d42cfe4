import DeltaicCore
import DeltaicSchema
import Foundation
import Registry
import TestSupport
import Testing

@testable import Catalog

/// A command, and what there is before it: one entry of the table below is all that a new one needs.
struct Scenario: Sendable, CustomTestStringConvertible {
    let name: String
    /// Fills the stage's template.
    let prepare: @Sendable (Stage) async throws -> Void
    let arguments: @Sendable (FaultCase) -> [String]
    /// Whether the command succeeds once more when it has done its work.
    var isRepeatable = true
    /// The versions that must come back as they were registered, with their folders; lossy ones do not.
    var originals: [String: String] = Self.models

    var testDescription: String { name }

    private static let models = ["base@v1": "base", "org/m@v1": "tuned", "org/m@v2": "tuned2"]

    static let all: [Scenario] = [
        Scenario(name: "init", prepare: { _ in }, arguments: { _ in ["init"] }, isRepeatable: false, originals: [:]),
        Scenario(
            name: "base add", prepare: { try $0.makeRegistry() },
            arguments: { ["base", "add", $0.model("base"), "--name", "base"] }, originals: ["base@v1": "base"]),
        Scenario(
            name: "register", prepare: { try await $0.makeModels() },
            arguments: {
                [
                    "register", $0.model("other"), "--name", "org/new", "--base", "base", "--tag", "prod", "--task",
                    "new-task", "--message", "first",
                ]
            }, originals: models.merging(["org/new@v1": "other"]) { first, _ in first }),
        Scenario(
            name: "register with a lossy codec", prepare: { try await $0.makeModels() },
            arguments: {
                [
                    "register", $0.model("tuned"), "--name", "org/lossy", "--base", "base", "--codec", "seeded-sign",
                    "--bits", "0.5",
                ]
            }),
        Scenario(
            name: "register a copy", prepare: { try await $0.makeModels() },
            arguments: { ["register", $0.model("tuned"), "--name", "org/copy", "--base", "base"] },
            originals: models.merging(["org/copy@v1": "tuned"]) { first, _ in first }),
        Scenario(
            name: "tag", prepare: { try await $0.makeModels() }, arguments: { _ in ["tag", "org/m@v2", "new"] }),
        Scenario(
            name: "move a tag", prepare: { try await $0.makeModels() },
            arguments: { _ in ["tag", "org/m@v2", "prod"] }),
        Scenario(
            name: "untag", prepare: { try await $0.makeModels() }, arguments: { _ in ["untag", "org/m", "prod"] },
            isRepeatable: false),
        Scenario(
            name: "task add", prepare: { try await $0.makeModels() },
            arguments: { _ in ["task", "add", "coding", "--description", "writes programs"] }),
        Scenario(
            name: "remove a version", prepare: { try await $0.makeModels() },
            arguments: { _ in ["remove", "org/m@v1"] }, isRepeatable: false,
            originals: ["base@v1": "base", "org/m@v2": "tuned2"]),
        Scenario(
            name: "remove a model", prepare: { try await $0.makeModels() }, arguments: { _ in ["remove", "org/m"] },
            isRepeatable: false, originals: ["base@v1": "base"]),
        Scenario(
            name: "base add to an older catalog",
            prepare: { stage in
                try stage.makeRegistry()
                let path = stage.registryPath + "/catalog.sqlite"
                for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
                _ = try CatalogDatabase.create(
                    path: path, migrations: Array(DeltaicSchema.catalogMigrations.prefix(1)))
            }, arguments: { ["base", "add", $0.model("base"), "--name", "base"] }, originals: ["base@v1": "base"]),
        Scenario(
            name: "compress a push",
            prepare: { stage in
                try await stage.makeModels()
                try await stage.push("other", as: "org/pushed")
            }, arguments: { _ in ["compress"] }),
        Scenario(
            name: "gc",
            prepare: { stage in
                try await stage.makeModels()
                _ = try await stage.open().remove(ModelName("org/m"))
            }, arguments: { _ in ["gc", "--grace", "0"] }, originals: ["base@v1": "base"]),
        Scenario(
            name: "gc that repacks",
            prepare: { stage in
                try await stage.makeModels()
                let registry = try stage.open()
                for (folder, name) in [("other", "org/other"), ("part", "org/part")] {
                    _ = try await registry.register(stage.model(folder), as: Registration(name: ModelName(name)))
                }
                _ = try await registry.remove(ModelName("org/other"))
            }, arguments: { _ in ["gc", "--grace", "0"] },
            originals: models.merging(["org/part@v1": "part"]) { first, _ in first }),
        Scenario(
            name: "sign",
            prepare: { stage in
                try await stage.makeModels()
                try stage.directory.write("template/key.pem", Self.key.utf8)
            }, arguments: { ["sign", "org/m@v1", "--key", $0.folder + "/key.pem"] }),
        Scenario(
            name: "repair from a backup",
            prepare: { stage in
                try await stage.makeModels()
                try stage.damage("org/m@v1")
            }, arguments: { ["repair", "--from", $0.folder + "/backup"] }),
        Scenario(
            name: "repair from the original files",
            prepare: { stage in
                try await stage.makeModels()
                try stage.damage("org/m@v1")
            }, arguments: { ["repair", "--from", $0.model("tuned")] }),
        Scenario(name: "rebuild", prepare: { try await $0.makeModels() }, arguments: { _ in ["rebuild"] }),
    ]

    /// A private key on P-256, for this alone.
    private static let key = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEILmBZ86DhXdawofudcHM+IapnXNFtpLo6TO+IyZO9qvnoAoGCCqGSM49
        AwEHoUQDQgAEbBcoDsBd6eeZUQ+tNGG1XZKEPyB6PnMlS2jGBthjOFUOzTdwqqd/
        63EFVJ2cY1w1DyvBP+l6sKXnWHFBAgyDEQ==
        -----END EC PRIVATE KEY-----
        """

    /// Changes no registry, and writes to a folder of its own.
    static let pull = Scenario(
        name: "pull", prepare: { try await $0.makeModels() },
        arguments: { ["pull", "org/m@v1", "--output", $0.output] })

    /// Some of the table.
    static func named(_ names: String...) -> [Scenario] { all.filter { names.contains($0.name) } }

    /// Sets the stage and lets the command do its work once, for what is to be expected.
    func prepared() async throws -> PreparedScenario {
        let stage = try Stage()
        try await prepare(stage)
        let first = try stage.newCase()
        let before = try await first.inspect()
        first.remove()
        let second = try stage.newCase()
        defer { second.remove() }
        let outcome = try await second.run(arguments(second), .log())
        try #require(outcome.status == 0, "\(name): \(outcome.errors)")
        let log = try second.log()
        let after = try await second.inspect()
        #expect(after.state.lines?.contains("damaged") == false)
        for (version, folder) in originals {
            let original = try FolderContents.digests(of: stage.model(folder))
            #expect(after.files[version] == original, "\(version) is not what was registered")
        }
        return PreparedScenario(
            scenario: self, stage: stage, before: before.state, after: after.state, log: log)
    }
}
