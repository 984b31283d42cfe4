internal import Catalog
public import DeltaicCore

/// Whether a version of another registry can stand behind those that are here.
struct VersionFit {
    let catalog: CatalogDatabase

    /// What a version becomes part of.
    struct Place {
        /// The version, if it is here already.
        var existing: VersionRecord?
        var base: VersionRecord?
    }

    /// - Parameter baseTree: the tree of the base version where the version comes from; nil if only the same commit will do.
    /// - Throws: `.diverged` if another version has the number, `.versionExists` if one had it, `.nameTaken` if the model is
    ///   no base and the version is, or the other way round, `.missingBase`.
    func place(of incoming: IncomingManifest, baseTree: GitObjectID?) throws -> Place {
        let manifest = incoming.manifest
        let name = "\(incoming.model)@v\(manifest.number)"
        if let newest = try catalog.newestVersion(of: incoming.model) {
            guard newest.isBase == incoming.isBase else {
                throw DeltaicError(
                    .nameTaken,
                    "\(incoming.model) is a \(newest.isBase ? "base" : "model") here, and a "
                        + "\(incoming.isBase ? "base" : "model") where the version comes from",
                    advice: "register one of them under another name")
            }
            let numbered = try catalog.versions(of: incoming.model).first { $0.number == manifest.number }
            if let numbered {
                if numbered.commit == manifest.commit { return Place(existing: numbered, base: nil) }
                throw DeltaicError.diverged(
                    name, there: manifest.commit, here: numbered.commit, by: "the other registry")
            }
        }
        let last = try catalog.nextNumber(of: incoming.model) - 1
        guard manifest.number > last else {
            throw DeltaicError(
                .versionExists,
                "\(name) comes too late: there was a version v\(last) already, and numbers are not used again",
                advice: "register the files as a new version")
        }
        return Place(existing: nil, base: try manifest.base.map { try base($0, of: name, tree: baseTree) })
    }

    private func base(
        _ base: VersionManifest.Base, of name: String, tree: GitObjectID?
    ) throws -> VersionRecord {
        let model = try ModelName(base.model)
        let reference = "\(model)@v\(base.number)"
        let found =
            try catalog.newestVersion(of: model) == nil
            ? nil : try catalog.versions(of: model).first { $0.number == base.number }
        guard let found, found.isBase else {
            throw DeltaicError(
                .missingBase, "\(name) is a delta of \(reference), which is not here",
                advice: "send the base first; `deltaic push` and `deltaic sync` do")
        }
        guard found.commit == base.commit || found.tree == tree else {
            throw DeltaicError.otherBase(
                name, base: reference, there: tree ?? base.commit, here: tree == nil ? found.commit : found.tree)
        }
        return found
    }
}

extension DeltaicError {
    /// Two registries have different versions under one number.
    ///
    /// - Parameter other: what the other registry is called.
    public static func diverged(
        _ version: String, there: GitObjectID, here: GitObjectID, by other: String
    ) -> DeltaicError {
        DeltaicError(
            .diverged,
            "the registries have diverged: \(other)'s \(version) is another version (commit \(there.short) there, "
                + "\(here.short) here)",
            advice:
                "nothing was changed; register one of the two under another name, or remove one where it is not needed")
    }

    /// Two registries have different files as the base of a version.
    public static func otherBase(
        _ version: String, base: String, there: GitObjectID, here: GitObjectID
    ) -> DeltaicError {
        DeltaicError(
            .missingBase,
            "\(version) is a delta of \(base), which has other files in the other registry",
            expected: "\(here.short) here",
            found: "\(there.short) there",
            advice: "register one of the two bases under another name, and its fine-tunes against that")
    }
}
