public import DeltaicCore
public import Foundation
internal import PackFormat

/// Files that clients have sent for a model, durable, and part of no version yet: a commit takes them.
///
/// Each is for one model: knowing the SHA-256 of another model's file gives nobody its bytes.
public struct UploadStore: Sendable {
    /// How long a file waits for its commit.
    public static let patience: TimeInterval = 48 * 3600

    let folder: UploadFolder

    private static let ready = "ready"
    private static let suffix = ".pack"

    static func fileName(of digest: Digest) -> String { digest.hex + suffix }

    /// Begins to take a file.
    /// - Throws: `.ioFailure` or `.noSpace`.
    public func receive(_ digest: Digest, size: Int, for model: ModelName) throws(DeltaicError) -> UploadWriter {
        try UploadWriter(digest: digest, size: size, folder: try folder.folder(Self.ready, Self.key(of: model)))
    }

    /// The size of a file that waits for its commit; nil if it has not come.
    public func size(of digest: Digest, for model: ModelName) -> Int? {
        guard let pack = try? pack(digest, for: model) else { return nil }
        return pack.object(digest)?.description.byteCount
    }

    /// The pack with a file that waits for its commit.
    /// - Throws: `.uploadMissing` if it has not come, or what is wrong with it.
    func pack(_ digest: Digest, for model: ModelName) throws(DeltaicError) -> PackReader {
        let path = path(of: digest, for: model)
        guard FileManager.default.fileExists(atPath: path) else {
            throw DeltaicError(
                .uploadMissing, "no file with this SHA-256 was sent for \(model)", at: ["file \(digest.hex)"],
                advice: "send the file first, then commit")
        }
        return try PackReader(path: path)
    }

    func path(of digest: Digest, for model: ModelName) -> String {
        "\(folder.path)/\(Self.ready)/\(Self.key(of: model))/\(Self.fileName(of: digest))"
    }

    /// Deletes what was sent for a model and not committed.
    func forget(_ model: ModelName) {
        try? FileManager.default.removeItem(atPath: "\(folder.path)/\(Self.ready)/\(Self.key(of: model))")
    }

    /// Deletes what nobody committed in time, and what killed processes left half written.
    public func sweep(now: Date = Date()) {
        let root = folder.path + "/" + Self.ready
        for model in UploadFolder.names(in: root) {
            for name in UploadFolder.names(in: root + "/" + model) {
                let path = "\(root)/\(model)/\(name)"
                guard let age = UploadFolder.age(of: path, now: now), age > Self.patience else { continue }
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    /// A folder's name cannot have the slash of a model's; no model's has the sign that stands for it.
    private static func key(of model: ModelName) -> String {
        model.description.replacing("/", with: "@")
    }
}

extension ModelRegistry {
    /// Where the files go that clients send.
    public var uploads: UploadStore { UploadStore(folder: directory.uploads) }

    /// Signs what lets a client send a file.
    /// - Throws: `.ioFailure` or `.noSpace` if there is no key yet and it cannot be made.
    public func capabilityKey() throws -> CapabilityKey { try CapabilityKey(folder: directory.uploads) }
}
