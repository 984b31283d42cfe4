internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import RegistryPages

/// What the console shows of how models are stored: bases, tasks, packs, garbage, jobs.
enum ConsoleStorageRoutes {
    static let routes: [Route] = [
        .page(ConsolePaths.bases, .readEverything, bases), .page(ConsolePaths.tasks, .readEverything, tasks),
        .page(ConsolePaths.packs, .readEverything, packs),
        .page(ConsolePaths.packs + "/{pack}", .readEverything, pack),
        .page(ConsolePaths.garbage, .readEverything, garbage), .page(ConsolePaths.jobs, .readSomething, jobs),
    ]

    private static let pageLength = 100

    private static func bases(_ exchange: Exchange) throws -> Response {
        let form = QueryParameters(exchange.request.uri.query ?? "")
        var filter = ListFilter(isBase: true, limit: pageLength)
        filter.after = try form.text("cursor").map { try ListCursor.parse($0) }
        let page = try exchange.registry.page(filter)
        return exchange.page(
            BasesPage(
                bases: page.models, groups: try exchange.registry.savingsGroups(by: .base),
                next: page.next.map { "\($0)" }
            ).markup(in: exchange.layout))
    }

    private static func tasks(_ exchange: Exchange) throws -> Response {
        exchange.page(
            TasksPage(
                tasks: try exchange.registry.tasks(), groups: try exchange.registry.savingsGroups(by: .task)
            ).markup(in: exchange.layout))
    }

    private static func packs(_ exchange: Exchange) throws -> Response {
        let offset = try exchange.number("offset", in: 0...1_000_000_000) ?? 0
        let found = try exchange.registry.packs(offset: offset, limit: pageLength + 1)
        return exchange.page(
            PackListPage(
                packs: Array(found.prefix(pageLength)), offset: offset,
                next: found.count > pageLength ? offset + pageLength : nil,
                report: try exchange.registry.savings(by: .base)
            ).markup(in: exchange.layout))
    }

    private static func pack(_ exchange: Exchange) async throws -> Response {
        let (id, registry) = (exchange.value("pack"), exchange.registry)
        let report = try await BlockingWork.run {
            try Digest(hex: id).map { try registry.inspect($0) } ?? registry.inspect(id)
        }
        let owner = try report.id.flatMap { try registry.owner(ofPack: $0) }
        return exchange.page(PackPage(report, owner: owner).markup(in: exchange.layout))
    }

    private static func garbage(_ exchange: Exchange) throws -> Response {
        let most = 1 << 50
        let figures = try (exchange.number("freed", in: 0...most), exchange.number("left", in: 0...most))
        let collected = figures.0.flatMap { freed in figures.1.map { (freed: freed, left: $0) } }
        return exchange.page(
            GarbagePage(
                garbage: try exchange.registry.garbage(), report: try exchange.registry.savings(by: .base),
                collected: collected
            ).markup(in: exchange.layout))
    }

    private static func jobs(_ exchange: Exchange) async throws -> Response {
        let services = exchange.services
        let mayRead: (ModelName) -> Bool = exchange.principal.mayRead
        let pending = try exchange.registry.pendingVersions().filter { version in
            (try? ModelName(version.model)).map(mayRead) ?? false
        }
        let imports = await services.imports.all().filter { ImportRoutes.mayRead($0, exchange) }
        return exchange.page(
            JobsPage(
                running: await running(exchange), pending: pending,
                imports: imports.map { job in
                    JobsPage.Import(
                        name: job.name, from: "\(job.from), \(job.model)@\(job.revision)",
                        state: job.state == .running ? job.stage : job.state.rawValue,
                        done: job.state == .running ? job.doneBytes : 0,
                        all: job.state == .running ? job.totalBytes : 0,
                        result: job.version ?? job.error ?? "")
                },
                sources: exchange.principal.holds(.write) ? services.options.importSources.map(\.url) : []
            ).markup(in: exchange.layout))
    }

    private static func running(_ exchange: Exchange) async -> [String] {
        let services = exchange.services
        let mayRead: (ModelName) -> Bool = exchange.principal.mayRead
        var running: [String] = []
        if let version = services.compressor.current, let reference = try? VersionReference(version),
            mayRead(reference.model)
        {
            running.append("compressing \(version)")
        }
        for version in await services.console.profiles.pending where mayRead(version.model) {
            running.append("measuring how \(version.short) differs from its base")
        }
        for pair in await services.comparisons.pending where mayRead(pair.left.model) && mayRead(pair.right.model) {
            running.append("comparing \(pair.left.short) with \(pair.right.short)")
        }
        if await services.console.savings.isRunning {
            running.append("looking for models that could be deltas of others")
        }
        if exchange.viewer.seesEverything, await services.console.collections.isRunning {
            running.append("collecting garbage")
        }
        return running
    }
}

extension VersionReference {
    /// With so much of a commit id as people look at.
    fileprivate var short: String {
        if case .commit(let id) = selector { "\(model)@\(id.prefix(8))" } else { description }
    }
}
