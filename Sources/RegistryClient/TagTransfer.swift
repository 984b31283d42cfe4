internal import DeltaicCore
internal import Registry

/// Copies tags that the other side does not have.
struct TagTransfer {
    let source: RegistrySide
    let target: RegistrySide

    init(from source: RegistrySide, to target: RegistrySide) {
        self.source = source
        self.target = target
    }

    /// - Parameters:
    ///   - numbers: of the versions whose tags are looked at; nil for all.
    ///   - moving: of the versions whose tags move although they name another version there.
    ///   - set: sets a tag of the model in the target.
    func run(
        _ model: ModelName, numbers: Set<Int>? = nil, moving: Set<Int> = [], set: (String, Int) async throws -> Void
    ) async throws -> [TransferredTag] {
        let from = try await source.history(model)
        guard from.versions.contains(where: { !$0.tags.isEmpty }) else { return [] }
        let to = try await target.history(model)
        var there: [String: Int] = [:]
        for version in to.versions { for tag in version.tags { there[tag] = version.number } }
        var tags: [TransferredTag] = []
        for version in from.versions where numbers?.contains(version.number) ?? true {
            for tag in version.tags.sorted() {
                func note(_ outcome: TransferredTag.Outcome) {
                    tags.append(
                        TransferredTag(model: "\(model)", tag: tag, number: version.number, outcome: outcome))
                }
                let current = there[tag]
                guard current != version.number else { continue }
                // A version that did not come has no place for a tag.
                guard let same = to.version(version.number),
                    same.commit == version.commit || from.isBase && same.tree == version.tree
                else { continue }
                guard current == nil || moving.contains(version.number) else {
                    note(.leftAlone)
                    continue
                }
                try await set(tag, version.number)
                note(current == nil ? .copied : .moved)
            }
        }
        return tags
    }
}
