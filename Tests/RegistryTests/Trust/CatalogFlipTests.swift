import Catalog
import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite("A damaged catalog gives errors, never another model")
struct CatalogFlipTests {
    private static let pages = 500
    private static let frames = 100

    /// A small registry in a folder that nobody has open, and what its names lead to.
    private struct Template {
        let test: TestRegistry
        let path: String
        let expected: [String: [String: Data]]
    }

    /// - Parameter keepsLog: whether the last changes are in the catalog's log only, as a kill leaves them.
    private func template(keepsLog: Bool) async throws -> Template {
        var random = SeededGenerator(seed: 831)
        let test = try TestRegistry()
        let base = TestTensor("a", .bfloat16, [8, 8], using: &random)
        var folders = ["base": try test.folder("base", [base])]
        try await test.addBase(try #require(folders["base"]))
        for number in 1...3 {
            let folder = try test.folder("t\(number)", [base.tuned(using: &random)], config: "\(number)")
            folders["t\(number)"] = folder
            try await test.register(folder, "org/tune")
        }
        _ = try await test.registry.tag(VersionReference("org/tune@v1"), as: "prod")
        let path = test.directory.path("template")
        if !keepsLog {
            let catalog = try CatalogDatabase.open(path: test.registry.path + "/catalog.sqlite")
            try catalog.close()
        }
        try FileManager.default.copyItem(atPath: test.registry.path, toPath: path)
        let names = [
            "base": "base", "org/tune": "t3", "org/tune@v1": "t1", "org/tune@v2": "t2", "org/tune:prod": "t1",
        ]
        return Template(
            test: test, path: path,
            expected: try names.mapValues { try test.contents(of: try #require(folders[$0])) })
    }

    private enum Outcome: String { case refused, found, harmless }

    /// Pulls every name, and runs a check if nothing was refused.
    private func outcome(_ template: Template, _ context: String) async throws -> Outcome {
        let registry: ModelRegistry
        do {
            registry = try ModelRegistry(path: template.path, options: .init(threads: 1, isReadOnly: true))
        } catch let error as DeltaicError {
            #expect(error.code.category != .conflict, "\(context): \(error)")
            return .refused
        }
        var isRefused = false
        for (name, expected) in template.expected {
            let output = template.test.directory.path("flip-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(atPath: output) }
            do {
                _ = try await registry.pull(VersionReference(name), to: output)
                let found = try template.test.contents(of: output)
                #expect(found == expected, "\(context): \(name) is another model")
            } catch is DeltaicError {
                isRefused = true
            }
        }
        if isRefused { return .refused }
        do {
            return try await registry.check(isQuick: true).problems.isEmpty ? .harmless : .found
        } catch is DeltaicError {
            return .found
        }
    }

    private func flip(_ file: String, of template: Template, count: Int, seed: UInt64) async throws -> [String: Int] {
        let path = template.path + "/" + file
        let whole = try FolderContents.bytes(of: path)
        var random = SeededGenerator(seed: seed)
        var outcomes: [String: Int] = [:]
        for _ in 0..<count {
            let position = Int.random(in: 0..<whole.count, using: &random)
            let bit = UInt8(random.next() % 8)
            var damaged = whole
            damaged[position] ^= 1 << bit
            try Data(damaged).write(to: URL(filePath: path))
            let found = try await outcome(template, "\(file), byte \(position), bit \(bit), seed \(seed)")
            outcomes[found.rawValue, default: 0] += 1
        }
        try Data(whole).write(to: URL(filePath: path))
        return outcomes
    }

    @Test("flipped bits of the catalog's pages")
    func pages() async throws {
        let template = try await template(keepsLog: false)
        let outcomes = try await flip("catalog.sqlite", of: template, count: Self.pages, seed: 832)
        #expect(outcomes["refused", default: 0] > 0)
        try Evidence.record(
            family: 5, "bit flips in the catalog", tried: Self.pages, outcomes: outcomes,
            note: "harmless: unused bytes of pages, figures of listings")
    }

    @Test("flipped bits of the catalog's log: changes that are lost with it are known to be lost")
    func log() async throws {
        let template = try await template(keepsLog: true)
        try #require(FolderContents.bytes(of: template.path + "/catalog.sqlite-wal").count > 10_000)
        let outcomes = try await flip("catalog.sqlite-wal", of: template, count: Self.frames, seed: 833)
        #expect(outcomes["refused", default: 0] > 0)
        try Evidence.record(
            family: 5, "bit flips in the catalog's log", tried: Self.frames, outcomes: outcomes)
    }

    @Test("the catalog cut after every page")
    func cuts() async throws {
        let template = try await template(keepsLog: false)
        let path = template.path + "/catalog.sqlite"
        let whole = try FolderContents.bytes(of: path)
        var outcomes: [String: Int] = [:]
        for length in stride(from: 0, to: whole.count, by: 4096) {
            try Data(whole.prefix(length)).write(to: URL(filePath: path))
            outcomes[try await outcome(template, "cut at \(length)").rawValue, default: 0] += 1
        }
        try Evidence.record(
            family: 4, "the catalog cut after every page", tried: outcomes.values.reduce(0, +), outcomes: outcomes)
    }
}
