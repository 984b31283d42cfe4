internal import DeltaicCore

/// Where the xorbs of one client are for a time; part of the address that it sends them to.
///
/// A client remembers for ever which xorbs it sent to an address, and never sends them there again. So xorbs are only forgotten
/// together with their address: by then, clients were given one of a newer epoch.
public struct XorbPlace: Sendable, Hashable, CustomStringConvertible {
    /// Grows whenever xorbs are to be forgotten.
    public let epoch: Int
    /// A short hash of who sends: nobody can put wrong bytes under a name that another client refers to.
    public let scope: String

    private static let scopeBytes = 8

    public var description: String { "\(epoch)-\(scope)" }

    init(epoch: Int, scope: String) {
        self.epoch = epoch
        self.scope = scope
    }

    /// Returns nil unless the text is one that ``description`` gives: it becomes the name of a folder.
    public init?(text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = Int(parts[0]), epoch > 0,
            let bytes = HexText.decode(parts[1]), bytes.count == Self.scopeBytes
        else { return nil }
        self.init(epoch: epoch, scope: HexText.encode(bytes))
        guard description == text else { return nil }
    }

    /// The scope of a client.
    ///
    /// - Parameter identity: what no other client has.
    public static func scope(of identity: String) throws -> String {
        HexText.encode(try Digest.sha256(Array(identity.utf8)).bytes.prefix(scopeBytes))
    }
}
