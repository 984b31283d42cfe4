internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat

/// What a lossy registration would do.
public struct LossyPreview: Sendable, Codable {
    public let report: LossyReport
    /// The newest evaluation of a registered version with exactly these files, if there is one.
    public let score: Double?
}

extension ModelRegistry {
    /// - Parameter inspect: is given the files as they would be pulled, while their chunks are there to be decoded.
    func preview(
        _ scanned: [HashedFile], as registration: Registration, base: VersionRecord?,
        inspect: ([HashedFile], ReconstructedFiles) async throws -> Void
    ) async throws -> LossyPreview {
        let folder = FileManager.default.temporaryDirectory.path + "/deltaic-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let packs = PackDirectory(path: folder)
        let writer = try packs.newPack()
        let content = try await store(
            scanned, lossy: registration.lossy, base: base, to: writer, spoolFolder: folder)
        let draft = VersionDraft(
            registration: registration, isBase: false, number: 1, commit: try content.tree(), tree: try content.tree(),
            parent: nil, createdAt: Int(Date().timeIntervalSince1970), files: content.files,
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
