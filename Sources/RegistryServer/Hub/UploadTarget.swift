internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Registry

/// A file that a client may send, as the URL says that it is given: whoever has the URL may send these bytes, and nothing else.
struct UploadTarget: Sendable {
    private static let purpose = "upload"
    /// A client may send for so long, in seconds: it has no token to be asked for.
    private static let patience = 24 * 3600

    let model: ModelName
    let digest: Digest
    let size: Int
    /// The bytes of a part, if it is sent in parts.
    let partBytes: Int

    /// However large a file is, it has no more parts.
    private static let mostParts = 1000

    init(model: ModelName, digest: Digest, size: Int, partBytes: Int) {
        self.model = model
        self.digest = digest
        self.size = size
        self.partBytes = max(partBytes, (size + Self.mostParts - 1) / Self.mostParts)
    }

    /// - Throws: `ServerError` 403 if the text is not one that this server made, or its time is over.
    init(_ capability: String, _ exchange: Exchange) throws {
        guard let fields = exchange.services.capabilities.fields(of: capability, Self.purpose), fields.count == 5,
            let digest = Digest(hex: fields[1]), let size = Int(fields[2]), let partBytes = Int(fields[3])
        else {
            throw ServerError(.forbidden, "the URL of the upload is not, or no longer, valid; ask for a new one")
        }
        self.init(model: try ModelName(fields[0]), digest: digest, size: size, partBytes: partBytes)
    }

    /// What a client of Git LFS is told: where to send the file, whole or in parts.
    func action(_ exchange: Exchange, mayBeParts: Bool) throws -> LFSBatch.Answer.Object.Action {
        // The last field makes two uploads of one file two: the parts of one do not end up in the other.
        let capability = try exchange.services.capabilities.sign(
            Self.purpose, [model.description, digest.hex, "\(size)", "\(partBytes)", exchange.id],
            until: Int(Date().timeIntervalSince1970) + Self.patience)
        let url = "\(exchange.origin)/lfs/\(capability)"
        guard mayBeParts, size > partBytes else { return .init(href: url) }
        var header = ["chunk_size": "\(partBytes)"]
        for number in 1...partCount { header["\(number)"] = "\(url)/\(number)" }
        return .init(href: url, header: header)
    }

    var partCount: Int { max(1, (size + partBytes - 1) / partBytes) }
}
