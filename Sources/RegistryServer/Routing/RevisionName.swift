internal import DeltaicCore
internal import HTTPTypes

/// What Hub and Git clients call a version: a branch, a tag, `v2`, a commit id, or a full name of a reference.
struct RevisionName: Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
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
        if name.first == "v", name.count > 1, name.dropFirst().utf8.allSatisfy({ (48...57).contains($0) }) {
            guard let number = Int(name.dropFirst()), number > 0 else { throw notFound }
            return .number(number)
        }
        do {
            try ModelName.check(name, kind: "tag", limit: 128)
        } catch {
            throw notFound
        }
        return .tag(name)
    }

    private var notFound: ServerError {
        ServerError(
            .notFound, code: .revisionNotFound,
            "there is no revision \"\(text.prefix(200))\": it has to be main, a tag, v1, v2, ..., or a commit id")
    }
}
