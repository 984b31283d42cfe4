public import DeltaicCore
internal import Foundation
public import Registry

/// What is to be imported from a server that speaks the Hub's protocol, and as what.
public struct HubImport: Sendable {
    public var model: ModelName
    /// The server's address.
    public var url: String
    public var revision: String
    public var token: String?
    public var caFile: String?
    /// What it is registered as; the model's name there if it is not given.
    public var name: ModelName?
    /// The base that it is a fine-tune of; nil to add it as a base.
    public var base: VersionReference?
    public var task: String?

    public init(
        model: ModelName, url: String, revision: String = "main", token: String? = nil, caFile: String? = nil,
        name: ModelName? = nil, base: VersionReference? = nil, task: String? = nil
    ) {
        self.model = model
        self.url = url
        self.revision = revision
        self.token = token
        self.caFile = caFile
        self.name = name
        self.base = base
        self.task = task
    }
}

/// What an import did.
public struct HubImportResult: Sendable, Codable {
    /// The commit there.
    public let commit: GitObjectID
    public let source: String
    public let version: VersionSummary
    /// Nil if the commit had been imported before: then nothing was downloaded.
    public let registration: RegistrationResult?
    /// What came over the network this time.
    public let downloadedBytes: Int
    public let fileCount: Int
    /// Files that the model has there and that were left out.
    public let leftOut: [String]
}

extension ModelRegistry {
    /// Where a version came from, in its metadata.
    fileprivate static let sourceKeys = (url: "source-url", model: "source-model", commit: "source-commit")

    /// Downloads a model from a server that speaks the Hub's protocol, and registers it.
    ///
    /// What an attempt that was cut off had downloaded is not downloaded again.
    /// - Throws: what the server says, `.downloadMismatch`, or what registering refuses.
    public func importModel(
        _ request: HubImport, progress: any ProgressReport = SilentProgress()
    ) async throws -> HubImportResult {
        let url = try Remote.checked(request.url)
        let connection = try HTTPConnection(url: url, token: request.token, caFile: request.caFile)
        do {
            let result = try await HubImportRun(
                registry: self, request: request, url: url, connection: connection, progress: progress
            ).run()
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}

private struct HubImportRun: Sendable {
    /// Files that are fetched at a time.
    private static let parallel = 4
    /// Pickles are not registered; that is known before they are fetched.
    private static let pickles = [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib"]

    let registry: ModelRegistry
    let request: HubImport
    let url: String
    let connection: HTTPConnection
    let progress: any ProgressReport

    private var name: ModelName { request.name ?? request.model }

    func run() async throws -> HubImportResult {
        let source = HubSource(connection: connection, model: request.model)
        let commit = try await source.commit(of: request.revision)
        // What can be refused is refused before anything is downloaded.
        if let base = request.base, try !registry.transferHistory(of: base.model).isBase {
            throw DeltaicError(
                .notABase, "there is no base of this name", at: ["\(base)"],
                advice: "`deltaic list --bases` shows them; without --base the model is added as a base itself")
        }
        if let known = try imported(commit) {
            return HubImportResult(
                commit: commit, source: url, version: known, registration: nil, downloadedBytes: 0, fileCount: 0,
                leftOut: [])
        }
        let all = try await source.files(of: commit)
        let hasWeights = all.contains { $0.path.hasSuffix(".safetensors") }
        let left = hasWeights ? all.filter { file in Self.pickles.contains { file.path.hasSuffix($0) } } : []
        let files = all.filter { !left.contains($0) }
        try ImportFolder.check(files.map(\.path))
        let folder = try registry.importFolder(
            try Digest.sha256(Array("\(url)\n\(request.model)\n\(commit)".utf8)))
        let before = connection.traffic.received
        try await fetch(files, from: source, commit: commit, to: folder)
        let received = connection.traffic.received - before
        let registration = Registration(
            name: name, base: request.base, task: request.task,
            metadata: [
                ModelRegistry.sourceKeys.url: url, ModelRegistry.sourceKeys.model: "\(request.model)",
                ModelRegistry.sourceKeys.commit: commit.hex,
            ])
        let result =
            request.base == nil
            ? try await registry.addBase(folder.files, as: registration)
            : try await registry.register(folder.files, as: registration)
        folder.remove()
        return HubImportResult(
            commit: commit, source: url, version: result.version, registration: result, downloadedBytes: received,
            fileCount: files.count, leftOut: left.map(\.path).sorted())
    }

    /// The version that came from a commit earlier.
    private func imported(_ commit: GitObjectID) throws -> VersionSummary? {
        guard try !registry.transferHistory(of: name).versions.isEmpty else { return nil }
        let keys = ModelRegistry.sourceKeys
        return try registry.log(of: name).first {
            $0.metadata[keys.commit] == commit.hex && $0.metadata[keys.url] == url
                && $0.metadata[keys.model] == "\(request.model)"
        }
    }

    private func fetch(
        _ files: [HubSource.File], from source: HubSource, commit: GitObjectID, to folder: ImportFolder
    ) async throws {
        progress.begin("downloading \(request.model)", totalBytes: files.reduce(0) { $0 + $1.size })
        defer { progress.end() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (position, file) in files.enumerated() {
                if position >= Self.parallel { _ = try await group.next() }
                group.addTask { [progress] in
                    let places = try folder.places(for: file.path)
                    if FileManager.default.fileExists(atPath: places.file),
                        try await BlockingWork.run({ try HubSource.isIntact(file, at: places.file) })
                    {
                        progress.advance(file.size)
                        return
                    }
                    try await source.fetch(
                        file, of: commit, part: places.part, final: places.file, progress: progress)
                }
            }
            try await group.waitForAll()
        }
    }
}
