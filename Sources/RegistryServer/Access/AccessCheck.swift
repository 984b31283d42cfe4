internal import DeltaicCore
internal import HTTPTypes
internal import Registry

/// Refuses what a client is not allowed.
struct AccessCheck {
    let principal: Principal
    /// The model in the path; throws if it can name none.
    let model: () throws -> ModelName

    /// - Throws: `ServerError`: 401 for a client without a token, 404 for a model that a token may not see, 403 for what it
    ///   may see and not do.
    func run(_ requirement: Requirement) throws {
        switch requirement {
        case .nothing:
            return
        case .token:
            guard principal.token != nil else { throw needsToken() }
        case .readSomething:
            guard principal.mayReadSomething else { throw needsToken() }
        case .readModel:
            try checkRead()
        case .readEverything:
            guard !principal.allowsAnonymousRead, !principal.holdsEverywhere(.read) else { return }
            guard principal.token != nil else { throw needsToken() }
            throw forbidden("read", "more than one namespace")
        case .exchange:
            guard principal.token != nil else { throw needsToken() }
            guard principal.holdsEverywhere(.read) else { throw forbidden("exchange versions", "between registries") }
        case .writeEverything:
            guard principal.token != nil else { throw needsToken() }
            guard principal.holdsEverywhere(.write) else { throw forbidden("write", "outside its namespace") }
        case .administer:
            guard principal.token != nil else { throw needsToken() }
            guard principal.holdsEverywhere(.admin) else { throw forbidden("administer", "the registry") }
        case .writeModel:
            let model = try model()
            guard principal.token != nil else { throw needsToken() }
            guard principal.holds(.write, for: model.namespace) else {
                try checkRead()
                throw forbidden("write", "to \(model)")
            }
        case .writeSomething:
            guard principal.token != nil else { throw needsToken() }
            guard principal.holds(.write) else { throw forbidden("write", "anything") }
        }
    }

    private func checkRead() throws {
        let model = try model()
        guard !principal.mayRead(model) else { return }
        guard principal.token != nil else { throw needsToken() }
        // Whether it exists is not for this client to know.
        throw ServerError(.notFound, code: .repositoryNotFound, "there is no model or base \(model)")
    }

    /// Hub clients take this code for "not there, or not for you", and tell their user to log in.
    private func needsToken() -> ServerError {
        ServerError(
            .unauthorized, code: .repositoryNotFound, "this needs a token: send one as `Authorization: Bearer hf_...`",
            headers: Authentication.challenge)
    }

    private func forbidden(_ scope: String, _ what: String) -> ServerError {
        ServerError(.forbidden, "the token has no scope to \(scope) \(what)")
    }
}
