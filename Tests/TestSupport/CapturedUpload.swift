internal import Foundation

/// What a version of hf_xet sent when it uploaded a few files: one xorb and one shard.
public struct CapturedUpload: Sendable, CustomStringConvertible {
    /// Without footers, and with all three codings of chunks.
    public static let current = CapturedUpload(
        client: "hf_xet-1.8.0", xorb: "2b782c1caccf9168465415820d3c920386338b36f62155e7d57e88dd37ab27b1", files: 8)
    /// Xorb and shard end in footers.
    public static let old = CapturedUpload(
        client: "hf_xet-1.1.2", xorb: "b5f499f8bf073c236e42be62be678f1e597ffadb9d44a18e36ae2e5690131769", files: 3)

    public let client: String
    /// The hash of the xorb.
    public let xorb: String
    /// How many files it uploaded.
    public let files: Int

    public var description: String { client }
    public var shardPath: String { folder + "/files.shard" }
    public var xorbPath: String { "\(folder)/\(xorb).xorb" }

    private var folder: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "XetFormatTests/Vectors/\(client)").path
    }

    public func shardBytes() throws -> [UInt8] { try FolderContents.bytes(of: shardPath) }
    public func xorbBytes() throws -> [UInt8] { try FolderContents.bytes(of: xorbPath) }
}
