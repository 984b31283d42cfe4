internal import DeltaicCore
public import Foundation
internal import Glibc

/// Signs short-lived texts that let their bearer do one thing, such as sending the bytes of one file.
///
/// Clients of Git LFS and Xet send such texts instead of their token. The key is a file of the registry, so they outlive a restart.
public struct CapabilityKey: Sendable {
    private struct Content: Codable {
        let purpose: String
        let fields: [String]
        /// Seconds since 1970.
        let expires: Int
    }

    /// As tokens begin: logs leave out both.
    private static let prefix = "hf_"

    private let authentication: MessageAuthentication

    /// Reads the key of a registry, which is made when it is asked for first.
    /// - Throws: `.ioFailure` or `.noSpace`.
    init(folder: UploadFolder) throws(DeltaicError) {
        let path = try folder.folder() + "/key"
        if access(path, F_OK) != 0 { try Self.make(path) }
        let file = try ReadOnlyFile(path: path)
        guard file.size == MessageAuthentication.keyLength else {
            throw DeltaicError(
                .ioFailure, "the file of the key for uploads has the wrong length", at: [path],
                expected: "\(MessageAuthentication.keyLength) bytes", found: "\(file.size)",
                advice: "delete it: a new one is made, and clients have to begin their uploads again")
        }
        authentication = try MessageAuthentication(key: try file.read(0..<file.size))
    }

    /// Of two processes that make one at a time, the first wins.
    private static func make(_ path: String) throws(DeltaicError) {
        var random = SystemRandomNumberGenerator()
        let key = (0..<MessageAuthentication.keyLength).map { _ in UInt8.random(in: 0...255, using: &random) }
        let name = path + "-\(UUID().uuidString)"
        let file = try DurableFile(path: name, isSecret: true)
        try file.write(key)
        try file.publish()
        defer { unlink(name) }
        guard link(name, path) == 0 || errno == EEXIST else { throw .systemCall("link", path: path, errno: errno) }
        try DurableFile.syncFolder(DurableFile.folder(of: path))
    }

    /// A text that says what its bearer may do until a second since 1970; it is safe in URLs and header fields.
    ///
    /// - Parameter purpose: what kind of text it is: no other passes for it.
    public func sign(_ purpose: String, _ fields: [String], until expires: Int) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let content = Array(try encoder.encode(Content(purpose: purpose, fields: fields, expires: expires)))
        return Self.prefix + HexText.encode(content + authentication.code(of: content))
    }

    /// What a text says; nil if it is none of this registry's and this purpose, or its time is over.
    public func fields(of text: some StringProtocol, _ purpose: String, now: Date = Date()) -> [String]? {
        guard text.utf8.count < 8192, text.hasPrefix(Self.prefix),
            let bytes = HexText.decode(text.dropFirst(Self.prefix.count)), bytes.count > Digest.byteCount
        else {
            return nil
        }
        let content = Array(bytes.dropLast(Digest.byteCount))
        guard authentication.isCode(Array(bytes.suffix(Digest.byteCount)), of: content),
            let said = try? JSONDecoder().decode(Content.self, from: Data(content)), said.purpose == purpose,
            Double(said.expires) > now.timeIntervalSince1970
        else { return nil }
        return said.fields
    }
}
