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

    init(model: ModelName, digest: Digest, size: Int) {
        self.model = model
        self.digest = digest
        self.size = size
    }

    /// - Throws: `ServerError` 403 if the text is not one that this server made, or its time is over.
    init(_ capability: String, _ exchange: Exchange) throws {
        guard let fields = exchange.services.capabilities.fields(of: capability, Self.purpose), fields.count == 4,
            let digest = Digest(hex: fields[1]), let size = Int(fields[2])
        else {
            throw ServerError(.forbidden, "the URL of the upload is not, or no longer, valid; ask for a new one")
        }
        self.init(model: try ModelName(fields[0]), digest: digest, size: size)
    }

    /// What a client of Git LFS is told: where to send the file, whole or in parts.
    func action(_ exchange: Exchange, mayBeParts: Bool) throws -> LFSBatch.Answer.Object.Action {
        let options = exchange.services.options
        // The last field makes two uploads of one file two: the parts of one do not end up in the other.
        let capability = try exchange.services.capabilities.sign(
            Self.purpose, [model.description, digest.hex, "\(size)", exchange.id],
            until: Int(Date().timeIntervalSince1970) + Self.patience)
        let url = "\(exchange.origin)/lfs/\(capability)"
        guard mayBeParts, size > options.partBytes else { return .init(href: url) }
        var header = ["chunk_size": "\(options.partBytes)"]
        for number in 1...partCount(options.partBytes) { header["\(number)"] = "\(url)/\(number)" }
        return .init(href: url, header: header)
    }

    func partCount(_ partBytes: Int) -> Int { (size + partBytes - 1) / partBytes }
}
