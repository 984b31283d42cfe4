public import DeltaicCore

/// The index of a model that is split into several safetensors files: which tensor is in which of them.
public struct ShardIndex: Sendable {
    /// The longest index that is accepted, in bytes.
    public static let maximumLength = 100_000_000

    /// The file of each tensor, relative to the folder of the index.
    public let weightMap: [String: String]

    /// Whether a path is named as an index is: `model.safetensors.index.json`, or with a variant before `.json`.
    public static func isIndex(path: String) -> Bool {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)).lowercased() } ?? ""
        return name.hasSuffix(".json") && name.contains(".safetensors.index.")
    }

    /// Reads an index, and checks that the shards that it names are plain relative paths.
    ///
    /// - Throws: `.badShardIndex` naming the file and the tensor or offset; `.ioFailure` if it cannot be read.
    public static func read(from file: ReadOnlyFile) throws(DeltaicError) -> ShardIndex {
        guard file.size <= maximumLength else {
            throw DeltaicError(
                .badShardIndex, "the index is too long", at: [file.path], expected: "at most \(maximumLength) bytes",
                found: "\(file.size)")
        }
        let bytes = try file.read(0..<file.size)
        do throws(DeltaicError) {
            return try parse(bytes)
        } catch {
            throw error.inside(file.path)
        }
    }

    /// Reads an index that is in memory.
    /// - Throws: `.badShardIndex` naming the tensor or offset.
    public static func parse(_ bytes: [UInt8]) throws(DeltaicError) -> ShardIndex {
        var json = HeaderJSON(bytes, code: .badShardIndex)
        var weightMap: [String: String]?
        var index = try json.openObject("the index")
        while let key = try json.nextKey(of: &index) {
            guard key == "weight_map" else {
                try json.skip()
                continue
            }
            var map: [String: String] = [:]
            var object = try json.openObject("weight_map")
            while let tensor = try json.nextKey(of: &object) {
                let shard = try json.string("the shard of a tensor")
                try checkShardName(shard, tensor: tensor)
                map[tensor] = shard
            }
            weightMap = map
        }
        try json.end()
        guard let weightMap else { throw DeltaicError(.badShardIndex, "weight_map is missing") }
        return ShardIndex(weightMap: weightMap)
    }

    /// Checks that every shard is there, and holds the tensors that the index looks for in it.
    ///
    /// Tensors of a shard that the index does not name are accepted.
    /// - Parameters:
    ///   - indexPath: the path of the index; shards are beside it.
    ///   - files: the model's files.
    /// - Throws: `.badShardIndex` naming the index, the tensor and the shard.
    public func check(indexPath: String, files: [ModelFile]) throws(DeltaicError) {
        let prefix = indexPath.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(indexPath[...$0]) } ?? ""
        let wanted = Dictionary(grouping: weightMap.keys) { weightMap[$0] ?? "" }
        let byPath = Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        for (shard, tensors) in wanted.sorted(by: { $0.key < $1.key }) {
            guard let first = tensors.min() else { continue }
            guard let file = byPath[prefix + shard] else {
                throw DeltaicError(
                    .badShardIndex, "the shard \(quoted(shard)) is missing",
                    at: [quoted(indexPath), "tensor \(quoted(first))"], advice: "download the whole model again")
            }
            guard case .safetensors(let header) = file.content else {
                throw DeltaicError(
                    .badShardIndex, "the shard \(quoted(shard)) is no safetensors file",
                    at: [quoted(indexPath), "tensor \(quoted(first))"])
            }
            let names = Set(header.entries.map(\.name))
            if let lost = tensors.filter({ !names.contains($0) }).min() {
                throw DeltaicError(
                    .badShardIndex, "the shard \(quoted(shard)) does not hold the tensor",
                    at: [quoted(indexPath), "tensor \(quoted(lost))"],
                    advice: "index and shards are of different models; download the whole model again")
            }
        }
    }

    private static func checkShardName(_ shard: String, tensor: String) throws(DeltaicError) {
        do throws(DeltaicError) {
            try FileNames.check(shard)
        } catch {
            throw DeltaicError(
                .badShardIndex, "the shard's name is unsafe: \(error.message)",
                at: ["tensor \(quoted(tensor))", quoted(shard)])
        }
    }
}
