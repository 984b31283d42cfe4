internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Registry
internal import RegistryPages

/// What the console shows of all models together.
enum ConsoleRoutes {
    static let routes: [Route] = [
        .page(ConsolePaths.overview, .readSomething, overview),
        .page(ConsolePaths.root, .nothing) { _ in PageResponse.seeOther(ConsolePaths.overview) },
        Route(.get, ConsolePaths.style, .nothing) { _ in
            PageResponse.asset(PageAssets.style, type: "text/css; charset=utf-8")
        },
        Route(.get, ConsolePaths.script, .nothing) { _ in
            PageResponse.asset(PageAssets.script, type: "text/javascript; charset=utf-8")
        },
        .page(ConsolePaths.models, .readSomething, models),
        .page(ConsolePaths.compare, .readSomething, compare),
    ]

    /// For what is at no other path of the console; behind all others.
    static let nothing = Route.page(ConsolePaths.root + "/{path*}", .nothing) { _ in
        throw ServerError(.notFound, "there is no page at this address")
    }

    private static let shortList = 8
    private static let pageLength = 100

    private static func overview(_ exchange: Exchange) async throws -> Response {
        let (registry, namespace) = (exchange.registry, exchange.seenNamespace)
        func list(_ key: ListOrder.Key) throws -> [ModelListing] {
            try registry.list(
                ListFilter(namespace: namespace, order: ListOrder(key, descending: true), limit: shortList))
        }
        let possible = await exchange.services.console.savings.known()?.filter { saving in
            let names = [saving.model, saving.relativeModel].compactMap { try? ModelName($0) }
            guard names.count == 2, names.allSatisfy(exchange.principal.mayRead) else { return false }
            // As it was when it was looked for: what was registered again since is no advice any more.
            let now = try? registry.listing(of: names[0]).latest
            return now?.reference == saving.version && now?.base == nil
        }
        return exchange.page(
            OverviewPage(
                bases: try registry.savingsGroups(by: .base, namespace: namespace),
                tasks: try registry.savingsGroups(by: .task, namespace: namespace),
                codecs: try registry.savingsGroups(by: .codec, namespace: namespace),
                growth: try registry.growth(namespace: namespace), largest: try list(.stored),
                newest: try list(.created), possible: possible.map { .known($0) } ?? .looking,
                report: namespace == nil ? try registry.savings(by: .base) : nil
            ).markup(in: exchange.layout))
    }

    private static func models(_ exchange: Exchange) throws -> Response {
        let form = QueryParameters(exchange.request.uri.query ?? "")
        var filter = ListFilter(namespace: exchange.seenNamespace, limit: pageLength)
        filter.search = form.text("search")
        filter.task = form.text("task")
        let base = form.text("base")
        filter.base = try base.map { try ModelName($0) }
        let sort = form.text("sort") ?? "name"
        filter.order = try ModelRoutes.order(sort, isDescending: nil)
        filter.after = try form.text("cursor").map { try ListCursor.parse($0) }
        var found: ModelPage?
        do {
            found = try exchange.registry.page(filter)
        } catch let error as DeltaicError where error.code.word == "unknownModel" {
            // A base that is not there has no models on it.
        }
        return exchange.page(
            ModelListPage(
                question: .init(search: filter.search, base: base, task: filter.task, sort: sort),
                models: found?.models ?? [], next: found?.next.map { "\($0)" }, isFirst: filter.after == nil
            ).markup(in: exchange.layout))
    }

    // MARK: - Comparing

    /// How long a page waits for what takes long; then it asks again by itself.
    static let patience = Duration.milliseconds(1500)
    private static let longestText = 64 << 10
    private static let mostTexts = 20

    private static func compare(_ exchange: Exchange) async throws -> Response {
        let form = QueryParameters(exchange.request.uri.query ?? "")
        guard let left = form.text("left"), let right = form.text("right") else {
            return exchange.page(
                ComparisonPage(left: form.text("left") ?? "", right: form.text("right") ?? "", state: .asking)
                    .markup(in: exchange.layout))
        }
        let pair = try Comparisons.pair(left, right, for: exchange)
        let state: ComparisonPage.State
        switch try await exchange.services.comparisons.state(of: pair, patience: patience) {
        case .working: state = .comparing
        case .failed(let error): state = .failed(told(error, exchange))
        case .known(let comparison):
            let registry = exchange.registry
            let texts = try await exchange.services.console.texts.state(of: pair, patience: patience) {
                try await Self.texts(comparison, pair, registry)
            }
            switch texts {
            case .working: state = .comparing
            case .known(let texts): state = .known(comparison, texts: texts)
            case .failed(let error):
                _ = told(error, exchange)
                state = .known(comparison, texts: [])
            }
        }
        return try await exchange.longPage { ComparisonPage(left: left, right: right, state: state).markup(in: $0) }
    }

    private static func texts(
        _ comparison: VersionComparison, _ pair: Comparisons.Pair, _ registry: ModelRegistry
    ) async throws -> [ComparisonPage.ChangedText] {
        let paths = comparison.files.filter { file in
            file.kind == .changed && max(file.leftSize ?? .max, file.rightSize ?? .max) <= longestText
        }.prefix(mostTexts).map(\.path)
        return try await BlockingWork.run {
            try paths.compactMap { path in
                guard let old = try registry.text(ofFile: path, in: pair.left, limit: longestText),
                    let new = try registry.text(ofFile: path, in: pair.right, limit: longestText),
                    let difference = LineDifference(from: old, to: new)
                else { return nil }
                return ComparisonPage.ChangedText(path: path, difference: difference)
            }
        }
    }

    /// What went wrong, as a page may say it.
    static func told(_ error: any Error, _ exchange: Exchange) -> String {
        exchange.logger.error("a page lacks what failed", metadata: ["error": "\(error)"])
        return (error as? DeltaicError).map { ServerError($0).message } ?? "the server's log has the details"
    }
}
