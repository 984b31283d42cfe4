internal import DeltaicCore
internal import Registry
internal import RegistryPages
internal import Synchronization

/// Model cards as they are shown: each is rendered once, and one at a time.
final class RenderedCards: Sendable {
    private struct Key: Hashable {
        /// Links of the card lead to files of this version.
        let version: VersionReference
        let card: Digest
    }

    private let permits = Permits(count: 1)
    private let known = Mutex(BoundedCache<Key, ModelCardView>(limit: 16 << 20))

    /// - Parameters:
    ///   - version: by commit id.
    ///   - files: of the version.
    /// - Throws: what is wrong with the stored card.
    func card(of version: VersionReference, _ files: [VersionFile], _ registry: ModelRegistry) async throws
        -> ModelCardView
    {
        guard let file = files.first(where: { $0.path == ModelCardView.path }) else { return .none }
        let key = Key(version: version, card: file.sha256)
        if let found = known.withLock({ $0.value(for: key) }) { return found }
        let permit = await permits.take()
        defer { withExtendedLifetime(permit) {} }
        if let found = known.withLock({ $0.value(for: key) }) { return found }
        let view = try await BlockingWork.run {
            let text = try registry.text(ofFile: file.path, in: version, limit: CardRenderer.longest)
            let paths = Set(files.map(\.path))
            let commit = if case .commit(let id) = version.selector { id } else { "main" }
            return ModelCardView(text: text) { path in
                // What is not there is no picture, and no link.
                paths.contains(path) ? ConsolePaths.file(path, of: "\(version.model)", version: commit) : nil
            }
        }
        known.withLock { $0.insert(view, for: key, cost: 1024 + view.byteCount) }
        return view
    }
}
