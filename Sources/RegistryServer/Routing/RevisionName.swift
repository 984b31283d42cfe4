internal import DeltaicCore
internal import HTTPTypes

/// What Hub and Git clients call a version: a branch, a tag, `v2`, a commit id, or a full name of a reference.
struct RevisionName: Sendable {
    let text: String
    /// Whether `v2` is a number even where there is a branch or a tag of that name.
    let prefersNumbers: Bool

    init(_ text: String, prefersNumbers: Bool = false) {
        self.text = text
        self.prefersNumbers = prefersNumbers
    }

    /// The branch that the name can only mean: nil for `main`.
    ///
    /// - Throws: `ServerError` 404 if it can name none.
    func branch() throws -> String? {
        switch try selector() {
        case .latest: nil
        case .revision(let name): name
        case .commit, .number, .tag: throw notFound
        }
    }

    /// - Throws: `ServerError` 404 with `RevisionNotFound` if it can name no version.
    func reference(to model: ModelName) throws -> VersionReference {
        VersionReference(model: model, selector: try selector())
    }

    private func selector() throws -> VersionReference.Selector {
        var name = text
        for prefix in ["refs/heads/", "refs/tags/"] where name.hasPrefix(prefix) {
            name = String(name.dropFirst(prefix.count))
        }
        if name == "main" || name == "latest" || name == "HEAD" { return .latest }
        if name.utf8.count == 40, GitObjectID(hex: name) != nil { return .commit(name.lowercased()) }
        if prefersNumbers, name.first == "v", name.count > 1,
            name.dropFirst().utf8.allSatisfy({ (48...57).contains($0) })
        {
            guard let number = Int(name.dropFirst()), number > 0 else { throw notFound }
            return .number(number)
        }
        for part in name.split(separator: "/", omittingEmptySubsequences: false) {
            guard (try? ModelName.check(String(part), kind: "revision", limit: 128)) != nil else { throw notFound }
        }
        return .revision(name)
    }

    private var notFound: ServerError {
        ServerError(
            .notFound, code: .revisionNotFound,
            "there is no revision \"\(text.prefix(200))\": it has to be main, a branch, a tag, v1, v2, ..., or a commit id"
        )
    }
}
