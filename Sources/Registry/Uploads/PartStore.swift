public import DeltaicCore
public import Foundation
internal import Glibc

/// Parts of large files that clients send one by one, until all are there and become one upload.
///
/// They are not synced: what a power cut spoils is found by the SHA-256 of the whole, and sent again.
public struct PartStore: Sendable {
    /// How long the parts of an upload that does not go on are kept.
    static let patience: TimeInterval = 24 * 3600

    let folder: UploadFolder

    private static let name = "parts"

    /// Begins to take a part; sent again, it takes the place of the one before.
    ///
    /// - Parameters:
    ///   - upload: what the client was given for the whole file.
    ///   - number: from 1 on.
    /// - Throws: `.ioFailure` or `.noSpace`.
    public func receive(_ number: Int, of upload: String) throws(DeltaicError) -> PartWriter {
        let place = try folder.folder(Self.name, try Self.key(of: upload))
        return try PartWriter(path: "\(place)/\(number)")
    }

    /// Hands all parts of an upload to a writer, in order, and forgets them.
    ///
    /// - Throws: `.uploadMissing` for a part that has not come, or what the writer throws.
    public func assemble(_ count: Int, of upload: String, into writer: UploadWriter) throws(DeltaicError) {
        let place = "\(folder.path)/\(Self.name)/\(try Self.key(of: upload))"
        for number in 1...max(1, count) {
            let path = "\(place)/\(number)"
            guard access(path, F_OK) == 0 else {
                throw DeltaicError(
                    .uploadMissing, "part \(number) of the file has not come", at: ["file \(writer.digest.hex)"],
                    expected: "\(count) parts", advice: "send it, then end the upload again")
            }
            let file = try ReadOnlyFile(path: path)
            var position = 0
            while position < file.size {
                let end = min(file.size, position + (1 << 20))
                try writer.append(try file.read(position..<end))
                position = end
            }
        }
        try writer.finish()
        try? FileManager.default.removeItem(atPath: place)
    }

    /// Deletes the parts of uploads that did not go on.
    public func sweep(now: Date = Date()) {
        let root = folder.path + "/" + Self.name
        for name in UploadFolder.names(in: root) {
            guard let age = UploadFolder.age(of: "\(root)/\(name)", now: now), age > Self.patience else { continue }
            try? FileManager.default.removeItem(atPath: "\(root)/\(name)")
        }
    }

    private static func key(of upload: String) throws(DeltaicError) -> String {
        try Digest.sha256(Array(upload.utf8)).hex
    }
}

/// Takes the bytes of one part.
public final class PartWriter {
    private let file: DurableFile
    private var hash: StreamingHash

    init(path: String) throws(DeltaicError) {
        file = try DurableFile(path: path)
        hash = try StreamingHash(.sha256)
    }

    public func append(_ bytes: [UInt8]) throws(DeltaicError) {
        hash.update(bytes)
        try file.write(bytes)
    }

    /// - Returns: what tells this part from another, in hexadecimal digits.
    public func finish() throws(DeltaicError) -> String {
        try file.publish(synced: false)
        var ended = try StreamingHash(.sha256)
        swap(&ended, &hash)
        return Digest(uncheckedBytes: ended.finish()).hex
    }
}

extension ModelRegistry {
    /// Where the parts of large files go that clients send one by one.
    public var parts: PartStore { PartStore(folder: directory.uploads) }
}
