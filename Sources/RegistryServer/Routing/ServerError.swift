internal import DeltaicCore
internal import HTTPTypes
internal import Registry

/// A refusal or a failure as a client is told of it.
struct ServerError: Error {
    /// The word that Hub clients decide by, in `X-Error-Code`.
    enum Code: String {
        case repositoryNotFound = "RepoNotFound"
        case revisionNotFound = "RevisionNotFound"
        case entryNotFound = "EntryNotFound"
        case notImplemented = "NotImplemented"
        /// What was asked for is being done; whoever asks again later gets it.
        case working = "working"
    }

    let status: HTTPResponse.Status
    let code: String?
    let message: String
    var headers: HTTPFields

    init(
        _ status: HTTPResponse.Status, code: Code? = nil, _ message: String, headers: HTTPFields = [:]
    ) {
        self.init(status, word: code?.rawValue, message, headers: headers)
    }

    private init(_ status: HTTPResponse.Status, word: String?, _ message: String, headers: HTTPFields = [:]) {
        self.status = status
        code = word
        self.message = message
        self.headers = headers
    }

    /// What a failure of the registry means to a client.
    ///
    /// Only what a client can do something about is told in full: paths of the server's disk stay in its log.
    init(_ error: DeltaicError) {
        switch error.code.word {
        case "unknownModel":
            self.init(.notFound, code: .repositoryNotFound, error.message)
        case "unknownVersion", "unknownTag", "ambiguousCommit":
            self.init(.notFound, code: .revisionNotFound, error.message)
        case "unknownContent":
            self.init(.notFound, code: .entryNotFound, error.message)
        default:
            switch error.code.category {
            case .refusedInput: self.init(.badRequest, word: error.code.word, error.description)
            case .notFound: self.init(.notFound, word: error.code.word, error.message)
            case .conflict: self.init(.conflict, word: error.code.word, error.description)
            case .locked:
                self.init(.serviceUnavailable, word: error.code.word, error.message, headers: [.retryAfter: "5"])
            case .damaged:
                self.init(
                    .internalServerError, word: error.code.word,
                    "stored data is damaged: \(error.message); the server's log has the details under this request's id"
                )
            case .system where error.code == .noSpace:
                self.init(
                    HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), word: error.code.word,
                    "the server's disk is full; nothing was changed, and what was sent has to be sent again")
            case .system:
                self.init(
                    .internalServerError, word: error.code.word,
                    "the server failed; its log has the details under this request's id")
            }
        }
    }
}

extension ServerError {
    /// What a failure in the middle of a request's body means to a client: the connection is of no use after it.
    init(closing error: any Error) {
        self =
            switch error {
            case let error as ServerError: error
            case let error as DeltaicError: ServerError(error)
            default: ServerError(.internalServerError, "the server failed while it took the body of the request")
            }
        headers[.connection] = "close"
    }
}

extension ServerError {
    /// A file, folder or tensor that a version lacks; clients remember it under the commit.
    static func unknown(_ kind: String, _ name: String, _ version: VersionSummary) -> ServerError {
        ServerError(
            .notFound, code: .entryNotFound, "\(version.reference) has no \(kind) \"\(name.prefix(1000))\"",
            headers: [.repoCommit: version.commit.hex])
    }
}
