internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import RegistryPages

extension Exchange {
    /// Who looks at a page.
    var viewer: Viewer { Viewer(principal) }

    /// What surrounds the page that answers.
    var layout: PageLayout {
        PageLayout(viewer: viewer, notice: query("done").flatMap(ConsoleNotice.init))
    }

    /// The namespace that sums are kept to; nil for all.
    var seenNamespace: String? { principal.listedNamespace }

    func page(_ markup: Markup) -> Response { PageResponse.make(markup) }

    /// A page that may be long: it is made on a thread of its own.
    func longPage(_ make: @escaping @Sendable (PageLayout) -> Markup) async throws -> Response {
        let layout = layout
        return PageResponse.make(try await BlockingWork.run { make(layout) })
    }

    /// The fields of a form, whoever sent it; forms of the console are short.
    ///
    /// - Throws: `ServerError` 413.
    func fields() async throws -> QueryParameters {
        QueryParameters(String(decoding: try await body(upTo: 16 << 10), as: UTF8.self))
    }

    /// The fields of a form that a page of this server sent.
    ///
    /// - Throws: `ServerError` 403 unless the sender is signed in and sends the key of the session.
    func form() async throws -> QueryParameters {
        let form = try await fields()
        guard let session = principal.session else {
            throw ServerError(.forbidden, "sign in first: forms of the console are for those who did")
        }
        // Digests are compared, so that how long it takes says nothing about the key.
        guard let key = form.values("key").last,
            try Digest.sha256(Array(key.utf8)) == Digest.sha256(Array(session.formKey.utf8))
        else {
            throw ServerError(
                .forbidden, "the form is not of this session: go back, load the page again, and send it once more")
        }
        return form
    }
}

extension QueryParameters {
    /// The last value of a field, without spaces around it; nil if it is missing or empty.
    func text(_ name: String) -> String? {
        values(name).last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// - Throws: `ServerError` 400 if it is missing or empty.
    func required(_ name: String) throws -> String {
        guard let text = text(name) else { throw ServerError(.badRequest, "the form lacks the field \(name)") }
        return text
    }
}

extension Viewer {
    init(_ principal: Principal) {
        let token = principal.token
        self.init(
            token: token?.name,
            scope: token.map { token in
                "\(token.scope.rawValue), \(token.namespace.map { "\($0)/" } ?? "all namespaces")"
            },
            seesEverything: principal.allowsAnonymousRead || principal.holdsEverywhere(.read),
            writesEverything: principal.holdsEverywhere(.write), administers: principal.holdsEverywhere(.admin),
            formKey: principal.session?.formKey)
    }
}
