import DeltaicCore
import Foundation
import PackFormat
import TestSupport

@testable import Catalog
@testable import Registry

/// What a registry holds, for comparison: a line for each version, with the SHA-256 of its files as pulled, and each task.
struct RegistryState: Equatable, Sendable, CustomStringConvertible {
    /// Nil if there is no registry.
    var lines: [String]?

    var description: String { lines.map { $0.joined(separator: "\n") } ?? "no registry" }
}

/// A registry that was looked at as a user would: opened, checked, every version pulled.
struct Inspection: Sendable {
    let state: RegistryState
    /// The digests of the files of each version.
    var files: [String: [String: String]] = [:]
    /// Packs that no version needs: harmless.
    var strayPacks = 0
    /// Unfinished files of killed processes, below the registry's folder.
    var temporaries: [String] = []

    /// - Throws: ``Broken`` if the check finds anything or there is something that nobody made, or whatever keeps a version from
    ///   being pulled.
    ///
    /// - Parameter toleratesDamage: whether damage is a state like another, with a line for each version that cannot be read.
    static func inspect(_ path: String, scratch: String, toleratesDamage: Bool = false) async throws -> Inspection {
        let registry: ModelRegistry
        do {
            registry = try ModelRegistry(path: path, options: .init(threads: 2))
        } catch let error as DeltaicError {
            guard error.code == .noRegistry else { throw error }
            return Inspection(state: RegistryState(lines: nil))
        }
        let report = try await registry.check(isQuick: false)
        guard report.problems.isEmpty || toleratesDamage else { throw Broken(problems: report.problems) }
        var lines = report.problems.isEmpty ? [] : ["damaged"]
        var files: [String: [String: String]] = [:]
        for version in try registry.catalog.allVersions().map(VersionSummary.init) {
            let pulled = await asyncResult {
                _ = try await registry.pull(try VersionReference(version.reference), to: scratch)
            }
            if case .failure(let error as DeltaicError) = pulled, toleratesDamage, error.code.category == .damaged {
                lines.append("\(version.reference) cannot be read")
                try? FileManager.default.removeItem(atPath: scratch)
                continue
            }
            try pulled.get()
            let digests = try FolderContents.digests(of: scratch)
            try FileManager.default.removeItem(atPath: scratch)
            files[version.reference] = digests
            let facts = [
                version.base.map { "of \($0)" }, version.task.map { "for \($0)" }, version.lossyCodec,
                try registry.signatures(of: VersionReference(version.reference)).isEmpty ? nil : "signed",
                version.isBase ? "base" : nil, version.isPending ? "pending" : nil,
                "tags \(version.tags.sorted())",
            ]
            let contents = digests.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.prefix(12))" }
            lines.append(
                "\(version.reference) \(facts.compactMap(\.self).joined(separator: ", ")): "
                    + contents.joined(separator: " "))
        }
        for task in try registry.tasks() { lines.append("task \(task.name): \(task.description ?? "-")") }
        let all = FolderContents.files(in: path)
        let strangers = all.filter { !Inspection.isKnown($0) }
        guard strangers.isEmpty else { throw Broken(problems: strangers.map { "nobody made \($0)" }) }
        return Inspection(
            state: RegistryState(lines: lines.sorted()), files: files,
            strayPacks: report.strays.filter { $0.hasSuffix(".pack") }.count,
            temporaries: all.filter { DurableFile.isTemporary(($0 as NSString).lastPathComponent) })
    }

    private static func asyncResult(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    private static func isKnown(_ path: String) -> Bool {
        let name = (path as NSString).lastPathComponent
        return ["deltaic.json", "writer.lock", "reader.lock", "reader-2.lock", "packs/journal.log"].contains(path)
            || path.hasPrefix("catalog.sqlite")
            || path.hasPrefix("uploads/") || path.hasPrefix("quarantine/")
            || path.hasPrefix("packs/") && path.hasSuffix(".pack")
            || DurableFile.isTemporary(name)
    }
}

/// A registry that a fault has damaged: what must never be.
struct Broken: Error, CustomStringConvertible {
    let problems: [String]

    var description: String { problems.joined(separator: "; ") }
}
