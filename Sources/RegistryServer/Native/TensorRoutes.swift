internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// `/v1/models/{model}/versions/{version}/tensors`: single reconstructed tensors, and several at a time.
enum TensorRoutes {
    static let routes: [Route] = [
        Route(.get, "/v1/models/{model}/versions/{revision}/tensors/{tensor*}", .readModel, tensor),
        Route(.get, "/v1/models/{model}/versions/{revision}/tensors", .readModel, list),
        Route(.get, "/v1/models/{model}/versions/{revision}/safetensors", .readModel, subset),
        Route(.get, "/v1/models/{model}/versions/{revision}/files/{path*}", .readModel, HubFileRoutes.resolve),
    ]

    /// Of tensors that are asked for at a time.
    private static let longestSubset = 10_000

    private static func list(_ exchange: Exchange) throws -> Response {
        let details = try exchange.registry.describe(try exchange.reference())
        return try JSONResponse.make(
            ["tensors": details.tensors], headers: [.version: details.version.reference])
    }

    private static func tensor(_ exchange: Exchange) async throws -> Response {
        let (version, tensor) = try exchange.registry.tensor(exchange.value("tensor"), of: try exchange.reference())
        guard let tensor else { throw ServerError.unknown("tensor", exchange.value("tensor"), version) }
        let reference = try exchange.reference(version.commit.hex)
        var headers = headers(version, exchange)
        headers[.tensorType] = tensor.type.rawValue
        headers[.tensorShape] = tensor.shape.dimensions.map(String.init).joined(separator: ",")
        return try await ContentResponse(
            size: tensor.size, tag: EntityTag(value: tensor.sha256.hex), headers: headers
        ) {
            try exchange.services.content.tensor(tensor.name, of: reference)
        }.make(for: exchange)
    }

    /// A safetensors file of the tensors that are named, or whose names begin as is said.
    private static func subset(_ exchange: Exchange) async throws -> Response {
        let (version, all) = try exchange.registry.tensors(of: try exchange.reference())
        let names = try names(exchange, all: all, version)
        let reference = try exchange.reference(version.commit.hex)
        let content = try exchange.services.content.tensors(names, of: reference)
        // What names the subset: its tensors by digest, in order.
        let digests = Dictionary(all.map { ($0.name, $0.sha256) }) { first, _ in first }
        let tag = try Digest.sha256(
            Array(names.map { "\($0)\0\(digests[$0]?.hex ?? "")\0" }.joined().utf8))
        return try await ContentResponse(
            size: content.size, tag: EntityTag(value: tag.hex), headers: headers(version, exchange)
        ) {
            content
        }.make(for: exchange)
    }

    private static func names(
        _ exchange: Exchange, all: [VersionTensor], _ version: VersionSummary
    ) throws -> [String] {
        let known = Set(all.map(\.name))
        var names: [String] = []
        for name in exchange.queries("tensor") {
            guard known.contains(name) else { throw ServerError.unknown("tensor", name, version) }
            names.append(name)
        }
        for prefix in exchange.queries("prefix") {
            let found = all.map(\.name).filter { $0.hasPrefix(prefix) }
            guard !found.isEmpty else { throw ServerError.unknown("tensor that begins with", prefix, version) }
            names += found
        }
        var seen: Set<String> = []
        names = names.filter { seen.insert($0).inserted }
        guard !names.isEmpty else {
            throw ServerError(.badRequest, "name tensors with `tensor`, or how their names begin with `prefix`")
        }
        guard names.count <= longestSubset else {
            throw ServerError(.badRequest, "at most \(longestSubset) tensors can be asked for at a time")
        }
        return names
    }

    private static func headers(_ version: VersionSummary, _ exchange: Exchange) -> HTTPFields {
        var headers = FileHeaders(
            path: "tensors.safetensors", version: version, revision: exchange.value("revision")
        ).fields
        headers[.contentDisposition] = nil
        headers[.version] = version.reference
        return headers
    }
}
