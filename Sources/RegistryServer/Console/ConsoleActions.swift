internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import RegistryPages

/// What forms of the console change.
///
/// Each takes a token of the right scope, the key of the session in the form, and a request that comes from a page of this server.
enum ConsoleActions {
    static let routes: [Route] = [
        .action(ConsolePaths.models + "/{model}/tag", .writeModel, tag),
        .action(ConsolePaths.models + "/{model}/untag", .writeModel, untag),
        .action(ConsolePaths.models + "/{model}/remove", .writeModel, remove),
        .action(ConsolePaths.tasks + "/set", .writeEverything, setTask),
        .action(ConsolePaths.garbage + "/collect", .administer, collect),
        .action(ConsolePaths.jobs + "/compress", .writeEverything, compress),
        .action(ConsolePaths.jobs + "/import", .writeSomething, importModel),
    ]

    private static func done(_ notice: ConsoleNotice, at path: String) -> Response {
        PageResponse.seeOther("\(path)?done=\(notice.rawValue)")
    }

    private static func tag(_ exchange: Exchange) async throws -> Response {
        let (form, model) = (try await exchange.form(), try exchange.model())
        let reference = try RevisionName(try form.required("version"), prefersNumbers: true).reference(to: model)
        _ = try await exchange.registry.tag(reference, as: try form.required("tag"))
        return done(.tagged, at: ConsolePaths.model("\(model)"))
    }

    private static func untag(_ exchange: Exchange) async throws -> Response {
        let (form, model) = (try await exchange.form(), try exchange.model())
        try await exchange.registry.untag(model, try form.required("tag"))
        return done(.untagged, at: ConsolePaths.model("\(model)"))
    }

    /// What is removed has to be written out: the model alone, or with the number of a version.
    private static func remove(_ exchange: Exchange) async throws -> Response {
        let (form, model) = (try await exchange.form(), try exchange.model())
        let text = try form.required("reference")
        let reference = try VersionReference(text)
        guard reference.model == model else {
            throw ServerError(.badRequest, "\"\(text.prefix(200))\" is not of \(model): nothing was removed")
        }
        switch reference.selector {
        case .latest where text == model.description: _ = try await exchange.registry.remove(model)
        case .number: _ = try await exchange.registry.remove(reference)
        default:
            throw ServerError(
                .badRequest, "write \(model), or \(model)@v1 with the number of a version: nothing was removed")
        }
        exchange.services.content.closeRemoved()
        let isLeft = try exchange.registry.canonicalName(model) != nil
        return done(.removed, at: isLeft ? ConsolePaths.model("\(model)") : ConsolePaths.models)
    }

    private static func setTask(_ exchange: Exchange) async throws -> Response {
        let form = try await exchange.form()
        try await exchange.registry.addTask(try form.required("task"), description: form.text("description"))
        return done(.taskSet, at: ConsolePaths.tasks)
    }

    private static let patience = Duration.seconds(20)

    private static func collect(_ exchange: Exchange) async throws -> Response {
        _ = try await exchange.form()
        guard let report = try await exchange.services.console.collections.collect(patience: patience) else {
            return PageResponse.seeOther(ConsolePaths.jobs)
        }
        exchange.services.content.closeRemoved()
        return PageResponse.seeOther(
            "\(ConsolePaths.garbage)?freed=\(report.freedBytes)&left=\(report.waitingBytes)")
    }

    private static func compress(_ exchange: Exchange) async throws -> Response {
        _ = try await exchange.form()
        exchange.services.compressor.retryNow()
        return done(.compressing, at: ConsolePaths.jobs)
    }

    private static func importModel(_ exchange: Exchange) async throws -> Response {
        let form = try await exchange.form()
        _ = try await ImportRoutes.begin(
            ImportRoutes.ImportRequest(
                model: try form.required("model"), from: try form.required("from"), revision: nil,
                name: form.text("name"), base: form.text("base"), task: nil), exchange)
        return done(.importing, at: ConsolePaths.jobs)
    }
}
