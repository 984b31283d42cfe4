internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// `/v1/models`: models, their versions, and what is known of one version.
enum ModelRoutes {
    static let routes: [Route] = [
        Route(.get, "/v1/models", .readSomething, list),
        Route(.get, "/v1/models/{model}/versions/{revision}/quality", .readModel, quality),
        Route(.get, "/v1/models/{model}/versions/{revision}", .readModel, version),
        Route(.get, "/v1/models/{model}/versions", .readModel, versions),
        Route(.get, "/v1/models/{model}", .readModel, model),
    ]

    private struct Page: Encodable {
        let models: [ModelListing]
        /// What to give as `cursor` for the next page; nil on the last.
        let next: String?
    }

    private static func list(_ exchange: Exchange) throws -> Response {
        var filter = ListFilter()
        filter.search = exchange.query("search")
        filter.base = try exchange.query("base").map { try ModelName($0) }
        filter.task = exchange.query("task")
        filter.tag = exchange.query("tag")
        filter.isBase = try exchange.flag("bases")
        filter.namespace = exchange.query("namespace")
        if let own = exchange.principal.listedNamespace {
            guard filter.namespace == nil || filter.namespace == own else {
                return try JSONResponse.make(Page(models: [], next: nil))
            }
            filter.namespace = own
        }
        filter.order = try order(exchange.query("sort"), isDescending: try exchange.flag("descending"))
        filter.limit = try exchange.number("limit", in: 1...1000) ?? 100
        filter.after = try exchange.query("cursor").map { try ListCursor.parse($0) }
        let page: ModelPage
        do {
            page = try exchange.registry.page(filter)
        } catch let error as DeltaicError
            where error.code.word == "unknownModel" && filter.namespace != nil
            && exchange.principal.listedNamespace != nil
        {
            // Whether another namespace has this base is not for this client to know.
            return try JSONResponse.make(Page(models: [], next: nil))
        }
        var headers: HTTPFields = [:]
        if let cursor = page.next { headers[.link] = PageLink(exchange: exchange).next(["cursor": "\(cursor)"]) }
        return try JSONResponse.make(
            Page(models: page.models, next: page.next.map { "\($0)" }), headers: headers)
    }

    /// - Parameter word: what the list is sorted by; nil for the name.
    static func order(_ word: String?, isDescending: Bool?) throws -> ListOrder {
        switch word {
        case nil, "name": return ListOrder(.name, descending: isDescending ?? false)
        case "created": return ListOrder(.created, descending: isDescending ?? true)
        case "registered": return ListOrder(.registered, descending: isDescending ?? true)
        case "stored": return ListOrder(.stored, descending: isDescending ?? true)
        default: throw ServerError(.badRequest, "sort has to be name, created, registered or stored")
        }
    }

    private static func model(_ exchange: Exchange) throws -> Response {
        try JSONResponse.make(try exchange.registry.listing(of: try exchange.model()))
    }

    private static func versions(_ exchange: Exchange) throws -> Response {
        try JSONResponse.make(["versions": try exchange.registry.log(of: try exchange.model())])
    }

    /// A version without its tensors.
    private struct Version: Encodable {
        let version: VersionSummary
        let tree: GitObjectID
        let pack: Digest?
        let files: [VersionDetails.File]
        let sizes: StorageFigures
        let evaluations: [Evaluation]
    }

    private static func version(_ exchange: Exchange) throws -> Response {
        let details = try exchange.registry.describe(try exchange.reference())
        return try JSONResponse.make(
            Version(
                version: details.version, tree: details.tree, pack: details.pack, files: details.files,
                sizes: details.sizes, evaluations: details.evaluations),
            headers: [.version: details.version.reference])
    }

    private struct Quality: Encodable {
        struct Tensor: Encodable {
            let name: String
            let codec: String
            /// |W_hat - W| / |W|.
            let relativeError: Double?
            let cosine: Double?
            let projection: Double?
            let signAgreement: Double?
            let size: Int
            let storedBytes: Int
        }

        let version: VersionSummary
        /// What it was compressed with, as its manifest has it; nil if every bit is kept.
        let compression: AnyJSON?
        let tensors: [Tensor]
        let evaluations: [Evaluation]
    }

    private static func quality(_ exchange: Exchange) throws -> Response {
        let details = try exchange.registry.describe(try exchange.reference())
        return try JSONResponse.make(
            Quality(
                version: details.version,
                compression: try details.compression.map {
                    try JSONDecoder().decode(AnyJSON.self, from: Data($0.utf8))
                },
                tensors: details.tensors.compactMap { tensor in
                    guard let codec = tensor.lossyCodec, let quality = tensor.quality else { return nil }
                    return Quality.Tensor(
                        name: tensor.name, codec: codec, relativeError: quality.relativeError, cosine: quality.cosine,
                        projection: quality.projection, signAgreement: quality.signAgreement,
                        size: tensor.size, storedBytes: tensor.storedBytes)
                },
                evaluations: details.evaluations),
            headers: [.version: details.version.reference])
    }
}
