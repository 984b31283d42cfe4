internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TensorFiles

/// What a lossy registration would do.
public struct LossyPreview: Sendable, Codable {
    public let report: LossyReport
    /// The newest evaluation of a registered version with exactly these files, if there is one.
    public let score: Double?
}

extension ModelRegistry {
    /// Does all that a lossy registration does, and leaves nothing behind: what it would store is seen in the result.
    public func preview(_ path: String, as registration: Registration) async throws -> LossyPreview {
        let model = try ModelDirectory.open(path)
        _ = try baseVersion(registration)
        let scanned = try await InputScan(
            inputs: model.files.map(ScannedInput.init), workers: workers, progress: progress
        ).run()
        return try await preview(scanned, as: registration) { _, _ in }
    }

    /// Holds the lock for reading, and no longer than that.
    ///
    /// - Parameter inspect: is given the files as they would be pulled, while their chunks are there to be decoded.
    func preview(
        _ scanned: [HashedFile], as registration: Registration,
        inspect: ([HashedFile], ReconstructedFiles) async throws -> Void
    ) async throws -> LossyPreview {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let base = try baseVersion(registration)
        let folder = try ScratchFolder()
        defer { withExtendedLifetime(folder) {} }
        let packs = PackDirectory(path: folder.path)
        let writer = try packs.newPack()
        let content = try await store(
            scanned, lossy: registration.lossy, base: base, to: writer, spoolFolder: folder.path)
        let draft = VersionDraft(
            registration: registration, isBase: false, number: 1, commit: try content.tree(), tree: try content.tree(),
            parent: nil, createdAt: Int(Date().timeIntervalSince1970), files: content.files.map(\.record),
            compression: registration.lossy.map { content.compression($0) })
        try writer.write(manifest: try draft.manifest(base: base).json())
        _ = try packs.publish(writer)
        try await inspect(
            content.files,
            ReconstructedFiles(workers: workers, progress: progress, objects: objects, encoded: content.lossy))
        return LossyPreview(
            report: content.report(writer), score: try catalog.score(ofTree: try content.tree()))
    }
}
