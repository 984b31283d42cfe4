internal import Catalog
internal import DeltaicCore

/// The versions of a model as commits that follow each other, as far as they are registered.
struct GitHistory {
    /// A part of the history, and where it ends.
    struct Selection: Sendable {
        /// Newest first.
        var versions: [VersionRecord] = []
        /// The commits whose parent is not in the selection although they have one.
        var shallow: [GitObjectID] = []
        /// The commits that the client took for such, and that are so no longer.
        var unshallow: [GitObjectID] = []

        /// The section of the answer that says so.
        var shallowUpdate: [UInt8] {
            (shallow.map { "shallow \($0)" } + unshallow.map { "unshallow \($0)" }).flatMap { GitPacketLines.line($0) }
                + GitPacketLines.flush
        }
    }

    private let versions: [GitObjectID: VersionRecord]

    init(_ versions: [VersionRecord]) {
        self.versions = Dictionary(versions.map { ($0.commit, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What a client gets: from the commits that it wants back to the first ones, or to the depth that it names.
    /// - Throws: `.badGitRequest` if it wants what is no commit of the model.
    func selection(for request: GitUploadRequest) throws(DeltaicError) -> Selection {
        var wanted: [VersionRecord] = []
        for id in request.wants {
            guard let version = versions[id] else { throw GitUploadRequest.bad("want \(id), which is no version") }
            wanted.append(version)
        }
        // From the oldest on, so that a walk ends at the next one that is wanted too.
        var depths: [GitObjectID: Int] = [:]
        for version in wanted.sorted(by: { $0.number < $1.number }) {
            var next: VersionRecord? = version
            var depth = 1
            while let current = next, depth <= request.depth ?? .max, depth < depths[current.commit] ?? .max {
                depths[current.commit] = depth
                depth += 1
                next = current.parentCommit.flatMap { versions[$0] }
            }
        }
        var selection = Selection()
        selection.versions = depths.keys.compactMap { versions[$0] }.sorted { $0.number > $1.number }
        selection.shallow = selection.versions.filter { version in
            version.parentCommit.map { depths[$0] == nil || depths[version.commit] == request.depth } == true
        }.map(\.commit)
        let ends = Set(selection.shallow)
        selection.unshallow = request.shallow.filter { depths[$0] != nil && !ends.contains($0) }
        return selection
    }
}
