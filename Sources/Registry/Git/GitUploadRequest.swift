internal import DeltaicCore

/// What a Git client asks of `git-upload-pack`, in protocol version 0.
struct GitUploadRequest: Equatable, Sendable {
    /// The commits that are asked for, each once, in the order in which they are.
    private(set) var wants: [GitObjectID] = []
    /// The commits at which the client's own history ends.
    private(set) var shallow: [GitObjectID] = []
    /// The length to which history is cut, nil for all of it.
    private(set) var depth: Int?
    /// Whether the client takes the pack in a band beside messages.
    private(set) var usesSideBand = false
    /// Whether the client says what it has, or that it is done, after what it wants: if not, it asks only how deep history goes.
    private(set) var negotiates = false
    /// Whether the client is done saying what it has: then it expects the pack.
    private(set) var isDone = false

    /// The most lines that a request may have; each costs the same.
    private static let lineLimit = 100_000
    private var known: Set<GitObjectID> = []

    /// - Throws: `.badGitRequest` if the text is not one that a client sends after the advertisement of this registry.
    init(_ bytes: [UInt8]) throws(DeltaicError) {
        var lines = GitPacketLines(bytes)
        var count = 0
        var hasNeeds = false
        while let line = try lines.next() {
            count += 1
            negotiates = hasNeeds
            guard count <= Self.lineLimit else { throw Self.bad("there are more than \(Self.lineLimit) lines") }
            switch line {
            case .text(let text): try take(text)
            case .flush: hasNeeds = true
            }
        }
    }

    private mutating func take(_ text: String) throws(DeltaicError) {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        switch (words.first, words.count) {
        case ("want", 2...):
            let id = try Self.id(words[1])
            if known.insert(id).inserted { wants.append(id) }
            if words[2...].contains("side-band-64k") { usesSideBand = true }
        case ("shallow", 2): shallow.append(try Self.id(words[1]))
        case ("deepen", 2):
            guard let count = Int(words[1]), count >= 0 else { throw Self.bad("\"\(text.prefix(80))\"") }
            depth = count == 0 ? nil : count
        // Everything is sent, whatever the client has.
        case ("have", 2): _ = try Self.id(words[1])
        case ("done", 1): isDone = true
        default: throw Self.bad("\"\(text.prefix(80))\"")
        }
    }

    private static func id(_ text: Substring) throws(DeltaicError) -> GitObjectID {
        guard let id = GitObjectID(hex: text) else { throw bad("\"\(text.prefix(80))\" is no object id") }
        return id
    }

    static func bad(_ found: String) -> DeltaicError {
        DeltaicError(.badGitRequest, "this is no request of a Git client that the registry understands", found: found)
    }
}

extension DeltaicError.Code {
    /// A request to `git-upload-pack` that breaks its protocol.
    static let badGitRequest = Self("badGitRequest", .refusedInput)
}
