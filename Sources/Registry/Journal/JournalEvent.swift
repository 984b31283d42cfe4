public import DeltaicCore
internal import Foundation

/// Something that happened to the registry and that no pack tells.
///
/// - SeeAlso: `Schema/pack/journal.md`.
struct JournalEvent: Codable, Sendable {
    /// What kind it is; others are passed over, for a newer Deltaic may have written them.
    enum Kind: String, Sendable {
        case snapshot, version, removed, pack, upload, garbage, kind, renamed, numbers, tag, untagged, branch,
            unbranched, task
        case pending, compressed, evaluated, signed, unsigned, token, revoked
    }

    var event: String
    var model: String?
    var number: Int?
    var commit: GitObjectID?
    var pack: Digest?
    var isBase: Bool?
    var name: String?
    var text: String?
    var score: Double?
    var at: Int?
    var key: Digest?
    var namespace: String?
    var expires: Int?
    /// The number of the last event of a snapshot.
    var through: Int?

    var kind: Kind? { Kind(rawValue: event) }

    /// - Throws: `.journalDamaged` if it is no event.
    init(json: String) throws(DeltaicError) {
        do {
            self = try JSONDecoder().decode(JournalEvent.self, from: Data(json.utf8))
        } catch {
            throw DeltaicError(.journalDamaged, "an event cannot be read: \(error)")
        }
    }
}

extension DeltaicError.Code {
    /// The journal is not what was written, or lacks what it should have.
    public static let journalDamaged = Self("journalDamaged", .damaged)
    /// The journal tells of changes that the catalog does not have: it lost its last ones.
    public static let catalogBehind = Self("catalogBehind", .damaged)
}
