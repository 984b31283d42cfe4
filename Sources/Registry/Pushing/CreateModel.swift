internal import Catalog
public import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TensorFiles

extension ModelRegistry {
    private static let firstMessage = "initial commit"

    /// Makes a model that has nothing yet but the file that tells Git what LFS keeps.
    ///
    /// The first push takes the place of this version.
    /// - Throws: `.modelExists` if there is a model or base of the name, in any letter case.
    public func createModel(_ name: ModelName) async throws -> VersionSummary {
        let folder = try spoolFolder()
        defer { withExtendedLifetime(folder) {} }
        let attributes = try await scannedAttributes(folder)
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        try checkFree(name)
        let files = [attributes.record]
        let draft = try draft(
            Registration(name: name, message: Self.firstMessage), isBase: false,
            number: try catalog.nextNumber(of: name), tree: try GitTree(files.map { ($0.path, $0.gitBlobID) }).root,
            parent: nil, files: files)
        try directory.packs.deleteLeftovers()
        let writer = try directory.packs.newPack()
        let content = try await store(exactly: [attributes], base: nil, to: writer)
        try writer.write(manifest: try draft.manifest(base: nil).json())
        return VersionSummary(try publish(writer, draft: draft, base: nil, content: content))
    }

    /// Gives a model another name; its versions keep their numbers and commit ids.
    ///
    /// - Throws: `.unknownModel`, `.modelExists`.
    public func rename(_ model: ModelName, to name: ModelName) async throws {
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        try catalog.rename(model, to: name)
    }

    private func checkFree(_ name: ModelName) throws {
        guard let known = try catalog.canonicalName(name) else { return }
        throw DeltaicError(.modelExists, "there is a model or base \(known) already")
    }

    /// Whether a version is the one that was made with its model, and nothing refers to it.
    func isUntouched(_ version: VersionRecord) throws -> Bool {
        guard version.number == 1, version.parentCommit == nil, version.message == Self.firstMessage,
            version.tensorCount == 0, version.tags.isEmpty
        else { return false }
        let history = try catalog.history(of: version.model)
        return try history.versions.count == 1 && history.branches.isEmpty
            && catalog.fileEntries(of: version.id).map(\.path) == [GitAttributes.path]
    }

    /// The file that tells Git what LFS keeps, written to a folder.
    func scannedAttributes(_ folder: SpoolFolder) async throws -> HashedFile {
        let path = folder.path + "/attributes"
        let file = try DurableFile(path: path)
        try file.write(Array(GitAttributes.text.utf8))
        try file.publish(synced: false)
        let input = ScannedInput(
            path: GitAttributes.path, file: InputFile(path: path, size: GitAttributes.text.utf8.count), isLFS: false,
            content: .raw)
        let scanned = try await InputScan(inputs: [input], workers: workers, progress: SilentProgress()).run()
        guard let attributes = scanned.first else { throw DeltaicError.inputChanged(path) }
        return attributes
    }
}
