internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Registry

/// The index of a sharded model without its map of tensors, and the headers of all shards.
struct ShardedMetadata {
    private struct Index: Decodable {
        let shards: [String: String]

        enum CodingKeys: String, CodingKey {
            case shards = "weight_map"
        }
    }

    /// `{"index": {"metadata": ...}, "headers": {"shard": header}}`: the headers as they are stored.
    let json: [UInt8]

    /// - Parameter limit: of the bytes of the index, and of all headers.
    init(index file: VersionFile, in reference: VersionReference, content: ContentService, limit: Int) async throws {
        let text = try await content.wholeFile(file.path, of: reference, limit: limit)
        guard let index = try? JSONDecoder().decode(Index.self, from: Data(text)),
            var object = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]
        else {
            throw ServerError(.badRequest, "\(file.path) is no index of a sharded safetensors model")
        }
        object["weight_map"] = nil
        var json = Array("{\"index\":".utf8)
        json += try JSONSerialization.data(withJSONObject: object)
        json += Array(",\"headers\":{".utf8)
        let folder = file.path.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        for (position, shard) in Set(index.shards.values).sorted().enumerated() {
            let header = try await content.header(of: folder + shard, in: reference)
            guard json.count + header.count <= limit else {
                throw ServerError(.contentTooLarge, "the headers of the shards are longer than \(limit) bytes")
            }
            let name = try JSONEncoder().encode(shard)
            json += (position == 0 ? [] : Array(",".utf8)) + Array(name) + Array(":".utf8)
            // The first eight bytes are the length of what follows.
            json += header.dropFirst(8)
        }
        self.json = json + Array("}}".utf8)
    }
}
