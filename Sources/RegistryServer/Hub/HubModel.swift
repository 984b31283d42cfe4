internal import DeltaicCore
internal import Registry

/// A model as `GET /api/models` and `GET /api/models/{id}` give it.
struct HubModel: Encodable {
    struct Sibling: Encodable {
        struct LFS: Encodable {
            let sha256: String
            let size: Int
            let pointerSize: Int
        }

        let rfilename: String
        var size: Int?
        var blobId: String?
        var lfs: LFS?

        /// - Parameter isFull: whether sizes and digests are wanted too.
        init(_ file: VersionFile, isFull: Bool) {
            rfilename = file.path
            guard isFull else { return }
            size = file.size
            blobId = file.gitBlob.hex
            guard file.isLFS else { return }
            lfs = LFS(
                sha256: file.sha256.hex, size: file.size,
                pointerSize: LFSPointer.text(sha256: file.sha256, size: file.size).count)
        }
    }

    struct Parameters: Encodable {
        let parameters: [String: Int]
        let total: Int
    }

    /// What only this server knows of the version.
    struct Storage: Encodable {
        let version: Int
        let base: String?
        let task: String?
        let codec: String?
        let score: Double?
        let rawBytes: Int
        let storedBytes: Int
    }

    let shortID: String
    let id: String
    let modelId: String
    let author: String?
    let sha: String
    let createdAt: String
    let lastModified: String
    let `private`: Bool
    let gated: Bool
    let disabled: Bool
    let downloads: Int
    let likes: Int
    let tags: [String]
    let libraryName: String?
    let usedStorage: Int
    var siblings: [Sibling]?
    var safetensors: Parameters?
    let deltaic: Storage

    // Named as in the Hub's answers.
    private enum CodingKeys: String, CodingKey {
        case shortID = "_id"
        case libraryName = "library_name"
        case id, modelId, author, sha, createdAt, lastModified, `private`, gated, disabled, downloads, likes, tags
        case usedStorage, siblings, safetensors, deltaic
    }

    /// - Parameter storedBytes: of all versions of the model.
    init(_ version: VersionSummary, isPrivate: Bool, storedBytes: Int, siblings: [Sibling]?) {
        shortID = version.commit.hex.prefix(24).description
        id = version.model
        modelId = version.model
        author = version.model.contains("/") ? version.model.split(separator: "/").first.map(String.init) : nil
        sha = version.commit.hex
        createdAt = HubDate.text(version.createdAt)
        lastModified = createdAt
        `private` = isPrivate
        gated = false
        disabled = false
        downloads = 0
        likes = 0
        tags = HubTags.of(version)
        libraryName = version.tensorCount > 0 ? "safetensors" : nil
        usedStorage = storedBytes
        self.siblings = siblings
        deltaic = Storage(
            version: version.number, base: version.base, task: version.task, codec: version.lossyCodec,
            score: version.score, rawBytes: version.rawBytes, storedBytes: version.storedBytes)
    }
}

/// The words that models are filtered by.
enum HubTags {
    static let base = "base_model:"
    static let task = "task:"

    static func of(_ version: VersionSummary) -> [String] {
        var tags: [String] = []
        if version.tensorCount > 0 { tags.append("safetensors") }
        if let task = version.task { tags.append(Self.task + task) }
        if let base = version.base?.split(separator: "@").first { tags.append(Self.base + base) }
        return tags
    }
}
