import DeltaicCore
import Foundation
import Registry
import TestSupport

/// A model that tests push to, with the files that it should have.
final class PushedModel {
    let test: TestRegistry
    let name: ModelName
    private(set) var files: [String: [UInt8]] = [:]
    private var count = 0

    init(_ test: TestRegistry, _ name: String) async throws {
        self.test = test
        self.name = try ModelName(name)
        _ = try await test.registry.createModel(self.name)
    }

    /// Sends large files and commits them with small ones and deletions.
    @discardableResult
    func push(
        _ small: [String: String] = [:], large: [String: [UInt8]] = [:], deleting: [String] = [],
        branch: String? = nil, parent: GitObjectID? = nil
    ) async throws -> VersionSummary {
        var operations: [Push.Operation] = deleting.map { .deleteFile(path: $0) }
        let folder = try test.registry.spoolFolder()
        for (path, text) in small.sorted(by: { $0.key < $1.key }) {
            count += 1
            let place = "\(folder.path)/\(count)"
            try Data(text.utf8).write(to: URL(filePath: place))
            operations.append(.add(path: path, content: SpooledContent(path: place, size: text.utf8.count)))
        }
        for (path, bytes) in large.sorted(by: { $0.key < $1.key }) {
            let digest = try Digest.sha256(bytes)
            try send(bytes)
            operations.append(.addLarge(path: path, sha256: digest, size: bytes.count))
        }
        let result = try await test.registry.commit(
            Push(
                model: name, branch: branch, expectedParent: parent?.hex, message: "push", operations: operations))
        withExtendedLifetime(folder) {}
        if branch == nil {
            for path in deleting { files[path] = nil }
            for (path, text) in small { files[path] = Array(text.utf8) }
            for (path, bytes) in large { files[path] = bytes }
        }
        return result.version
    }

    func send(_ bytes: [UInt8]) throws {
        let writer = try test.registry.uploads.receive(
            try Digest.sha256(bytes), size: bytes.count, for: name)
        for start in stride(from: 0, to: bytes.count, by: 100_000) {
            try writer.append(Array(bytes[start..<min(start + 100_000, bytes.count)]))
        }
        try writer.finish()
    }

    /// Compresses all that is pending in the registry.
    func compress(_ rules: BaseRules = BaseRules()) async throws {
        for pending in try test.registry.pendingVersions() {
            _ = try await test.registry.compress(try VersionReference(pending.version), rules: rules)
        }
        _ = try await test.registry.deleteReplaced()
    }

    /// Whether a version has just these files, beside the one that every model begins with.
    func holds(_ expected: [String: [UInt8]], at selector: String = "") async throws -> Bool {
        let output = test.directory.path("pulled-\(UUID().uuidString)")
        _ = try await test.registry.pull(try VersionReference("\(name)\(selector)"), to: output)
        var found = try test.contents(of: output)
        found[".gitattributes"] = nil
        return found == expected.mapValues { Data($0) }
    }

    func holdsItsFiles() async throws -> Bool { try await holds(files) }

    func version(_ selector: String = "") throws -> VersionSummary {
        try test.registry.describe(try VersionReference("\(name)\(selector)")).version
    }
}

extension SyntheticModel {
    /// Large enough that deltas are smaller than what packs add.
    static func pushed(seed: UInt64) -> SyntheticModel {
        SyntheticModel(seed: seed, rows: 3000, width: 64, layers: 3)
    }
}
