internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import RegistryPages

/// What the console shows of one model: itself, its versions, their files.
enum ConsoleModelRoutes {
    static let routes: [Route] = [
        .page(ConsolePaths.models + "/{model}", .readModel, model),
        .page(ConsolePaths.models + "/{model}/versions/{revision}", .readModel, version),
        .page(ConsolePaths.models + "/{model}/versions/{revision}/files/{path*}", .readModel, file),
    ]

    private static func model(_ exchange: Exchange) async throws -> Response {
        let (registry, name) = (exchange.registry, try exchange.model())
        if let redirect = try redirect(exchange, name) { return redirect }
        let listing = try registry.listing(of: name)
        let newest = VersionReference(model: name, selector: .commit(listing.latest.commit.hex))
        let files = try registry.files(of: newest).files
        let card: ModelCardView
        do {
            card = try await exchange.services.console.cards.card(of: newest, files, registry)
        } catch let error as DeltaicError {
            card = .failed(ConsoleRoutes.told(error, exchange))
        }
        let lineage = try registry.lineage(
            of: name, namespace: exchange.seenNamespace, limit: LineageDiagram.relativeLimit)
        let page = ModelDetailPage(
            listing: listing, versions: try registry.log(of: name), lineage: lineage,
            quality: try registry.qualityHistory(of: name), files: files, card: card,
            branches: try registry.numbersOnBranches(of: name), origin: exchange.origin,
            canWrite: exchange.principal.holds(.write, for: name.namespace) && !registry.isReadOnly,
            showsBase: mayRead(lineage.base?.model, exchange))
        return try await exchange.longPage { page.markup(in: $0) }
    }

    private static func version(_ exchange: Exchange) async throws -> Response {
        let (registry, name) = (exchange.registry, try exchange.model())
        if let redirect = try redirect(exchange, name) { return redirect }
        let revision = exchange.value("revision")
        let details = try registry.describe(
            try RevisionName(revision, prefersNumbers: true).reference(to: name))
        let reference = VersionReference(model: name, selector: .commit(details.version.commit.hex))
        let delta: VersionPage.Delta
        if details.version.isPending {
            delta = .pending
        } else if details.version.base == nil {
            delta = .none
        } else {
            switch try await exchange.services.console.profiles.state(of: reference, patience: ConsoleRoutes.patience) {
            case .working: delta = .measuring
            case .known(let profile): delta = profile.map { .known($0) } ?? .none
            case .failed(let error): delta = .failed(ConsoleRoutes.told(error, exchange))
            }
        }
        var (pack, problem): (PackReport?, String?) = (nil, nil)
        do {
            pack = try await BlockingWork.run { try details.pack.map { try registry.inspect($0) } }
        } catch let error as DeltaicError {
            problem = ConsoleRoutes.told(error, exchange)
        }
        let page = VersionPage(
            details: details, delta: delta, pack: pack, packProblem: problem, origin: exchange.origin,
            showsBase: mayRead(details.version.base?.split(separator: "@").first.map(String.init), exchange),
            canSeePack: exchange.viewer.seesEverything)
        return try await exchange.longPage { page.markup(in: $0) }
    }

    private static func mayRead(_ model: String?, _ exchange: Exchange) -> Bool {
        model.flatMap { try? ModelName($0) }.map(exchange.principal.mayRead) ?? false
    }

    /// To the name as it was registered, for one in other letters.
    private static func redirect(_ exchange: Exchange, _ asked: ModelName) throws -> Response? {
        guard let name = try exchange.registry.canonicalName(asked), name != asked, exchange.principal.mayRead(name),
            let range = exchange.match.model
        else { return nil }
        var parts = exchange.path.raw.map(String.init)
        parts.replaceSubrange(range, with: name.description.split(separator: "/").map(String.init))
        return PageResponse.seeOther("/" + parts.joined(separator: "/"))
    }

    /// A file as a browser gets it: pictures are shown, all else is kept in a file.
    private static func file(_ exchange: Exchange) async throws -> Response {
        let (registry, path) = (exchange.registry, exchange.value("path"))
        let reference = try RevisionName(exchange.value("revision"), prefersNumbers: true).reference(
            to: try exchange.model())
        let (version, file) = try registry.file(path, of: reference)
        guard let file else { throw ServerError.unknown("file or folder", path, version) }
        let exact = VersionReference(model: reference.model, selector: .commit(version.commit.hex))
        var headers = FileHeaders(path: path, version: version, revision: exchange.value("revision")).fields
        if let type = PictureFile.type(of: path) {
            headers[.contentType] = type
        } else if let disposition = headers[.contentDisposition] {
            headers[.contentDisposition] = disposition.replacing("inline", with: "attachment", maxReplacements: 1)
        }
        return try await ContentResponse(
            size: file.size, tag: EntityTag(value: file.sha256.hex), headers: headers
        ) {
            try exchange.services.content.file(path, of: exact)
        }.make(for: exchange)
    }
}
