#if FUZZING
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat
@testable internal import Registry

/// The inputs that fuzzing starts from: what is in `Schema/vectors`, and a few lines of each text.
enum FuzzSeeds {
    private static let longest = 6000

    static func make(from vectors: String, in corpora: String) throws {
        for kind in ["accept", "reject"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: vectors + "/" + kind)
            where name.hasSuffix(".pack") {
                let path = "\(vectors)/\(kind)/\(name)"
                let bytes = Array(try Data(contentsOf: URL(filePath: path)))
                if bytes.count <= longest {
                    try write([0] + bytes, corpora, "pack")
                    if kind == "accept" { try write([0] + bytes, corpora, "pack-scan") }
                }
                try writeChunks(of: path, in: corpora)
            }
        }
        try write([0] + (try manifest()), corpora, "manifest")
        try write(try manifest(), corpora, "manifest")
        for (parser, texts) in texts {
            for text in texts { try write(text, corpora, parser) }
        }
    }

    private static func write(_ bytes: [UInt8], _ corpora: String, _ parser: String) throws {
        let folder = "\(corpora)/\(parser)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let name = try Digest.sha256(bytes).hex.prefix(16)
        try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    private static func writeChunks(of path: String, in corpora: String) throws {
        guard let reader = try? PackReader(path: path) else { return }
        for object in reader.objects {
            for (position, chunk) in object.chunks.enumerated() {
                guard let streams = try? reader.streams(of: chunk) else { continue }
                for stream in streams where stream.bytes.count < 1000 && stream.rawLength < 1 << 24 {
                    var writer = ByteWriter()
                    writer.append([stream.encoding.rawValue])
                    writer.integer(UInt16(truncatingIfNeeded: stream.rawLength))
                    writer.append([UInt8(stream.rawLength >> 16)])
                    writer.append(stream.bytes)
                    try write(writer.bytes, corpora, "zstd")
                }
                let elements = object.description.grid.elements(of: position)
                let shape = ChunkShape(
                    type: object.description.type, elementCount: elements.count, firstElement: elements.lowerBound)
                let input = ChunkFuzzer.input(
                    EncodedChunk(codec: CodecID(number: chunk.codec), streams: streams), shape: shape,
                    baseCount: object.description.base == nil ? 0 : elements.count)
                if let input, input.count <= longest { try write(input, corpora, "chunk") }
            }
        }
    }

    private static func manifest() throws -> [UInt8] {
        let digest = try Digest.sha256([1])
        guard let id = GitObjectID(bytes: digest.bytes.prefix(20)), let shape = TensorShape([2, 3]) else { return [] }
        let small = VersionManifest.File(
            path: "config.json", size: 10, sha256: digest, blob: id, lfs: false, content: digest)
        var large = VersionManifest.File(
            path: "a/model.safetensors", size: 1000, sha256: digest, blob: id, lfs: true, content: digest)
        large.tensors = [.init(name: "w", type: .float32, shape: shape, sha256: digest)]
        large.original = digest
        large.losses = [.init(position: 0, codec: "dare", counts: [6, 5, 4], sums: [1, 2, 3, 4, 5])]
        let recipe = try Recipe(codec: "dare", settings: [:], embeddings: .exact, head: .exact)
        let manifest = VersionManifest(
            model: "org/name", isBase: false, number: 2, base: .init(model: "org/base", number: 1, commit: id),
            task: "math", message: "text", metadata: ["a": "b"], tags: ["prod"], commit: id, tree: id, parent: id,
            createdAt: 1_700_000_000, files: [small, large],
            compression: .init(
                codec: "dare", recipe: recipe, goal: "ratio 40", seed: 1, gamma: 0.5, traceNorm: ["q": 1]))
        return try manifest.json()
    }

    private static func lines(_ texts: String..., first: [UInt8] = []) -> [[UInt8]] {
        texts.map { first + Array($0.utf8) }
    }

    private static let id = String(repeating: "0123456789", count: 4)
    private static let oid = String(repeating: "01234567", count: 8)

    private static let texts: [(String, [[UInt8]])] = [
        (
            "recipe",
            lines(
                #"{"rules":[{"match":"*.mlp.*","classes":["linear"],"codec":"seeded-sign","settings":{"ratio":40}},{"codec":"exact"}]}"#,
                #"{"rules":[{"codec":"dare","settings":{"density":0.1}},{"codec":"full","match":"?a*"}]}"#, first: [0])
                + lines(
                    #"{"peft_type":"LORA","r":8,"lora_alpha":16,"use_rslora":true,"rank_pattern":{"q_proj":4},"alpha_pattern":{"q_proj":8},"init_lora_weights":"pissa"}"#,
                    first: [1])
        ),
        (
            "card",
            lines(
                "---\nbase_model: org/base\ntask: math\n---\n# Title", "base_model:\n- a/b\n- c\npipeline_tag: text",
                "a: &x [1, 2]\nb: *x", "a: |\n  text\n? {b: [c, 'd', \"e\\n\"]}\n: !!str f",
                "%YAML 1.1\n---\na: 1\n...",
                String(repeating: "[", count: 2000), String(repeating: "- ", count: 2000),
                String(repeating: "{a: ", count: 1200), String(repeating: "? ", count: 1200))
        ),
        (
            "markdown",
            lines(
                "# Title\n\nA *b* **c** [d](e.md) ![f](g.png) <https://h.org>\n\n- [x] i\n- j\n",
                "|a|b|\n|:-|-:|\n|1|`2`|\n\n> q\n\n```x\ncode\n```\n",
                "<script>x</script> [a](javascript&colon;b) [c](&#106;avascript:d) ![e](//f) www.g.org\n",
                "---\na: b\n---\nx\n|a|\n|-|\n1. y\n\n~~z~~ &amp; &#0; \\<\n")
        ),
        (
            "git",
            lines(
                "0067want \(id) side-band-64k ofs-delta agent=git/2.39.2 object-format=sha1 no-progress \n00000009done\n",
                "0032want \(id)\n0035shallow \(id)\n000ddeepen 1\n00000032have \(id)\n0009done\n", first: [0])
                + lines("0009done\n0000", "0005a", first: [1])
        ),
        (
            "safetensors",
            [
                [0, 0] + Array("{}".utf8), [0, 0] + Array(#"{"__metadata__":{"format":"pt"}}  "#.utf8),
                [8, 0] + Array(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#.utf8),
                [8, 0]
                    + Array(
                        #"{"a":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]},"b\u00e9":{"dtype":"I16","shape":[2],"data_offsets":[4,8],"x":[null,true,1.5e3,{"y":"z"}]},"c":{"dtype":"U8","shape":[0],"data_offsets":[8,8]}}"#
                            .utf8),
            ]
        ),
        (
            "shard-index",
            lines(
                #"{"metadata":{"total_size":8},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}"#,
                #"{"weight_map":{"a":"../x"}}"#)
        ),
        (
            "pickle",
            [
                [0, 0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e],
                [2, 0x80, 4, 0x95, 0x2e], [1, 0x50, 0x4b, 3, 4] + Array("archive/data.pkl".utf8),
            ]
        ),
        (
            "http-text",
            lines("\u{10}\u{0}bytes=0-3", "\u{10}\u{0}bytes=-5", "\u{10}\u{0}Bytes = 3 - , 4-5", first: [0])
                + lines("/api/models/a%2Fb/resolve/main/x.json", "//a//%E9%00", first: [1])
                + lines("refs/heads/main", "v12", id, "feature/x", first: [2])
                + lines("a=b&c[]=%20d+e&&=", first: [3]) + lines("W/\"0123abcd\", *", first: [4])
                + lines("1.2.3.4, [2001:db8::1]:443", "::ffff:1.2.3.4", "1.2.3.4:80", first: [5])
                + lines(
                    #"{"operation":"upload","transfers":["basic"],"objects":[{"oid":"\#(oid)","size":5}],"hash_algo":"sha256"}"#,
                    first: [6])
        ),
        (
            "commit",
            lines(
                #"{"key":"header","value":{"summary":"s","description":"d","parentCommit":"\#(id)"}}"# + "\n"
                    + #"{"key":"file","value":{"content":"aGVsbG8=","path":"a.txt","encoding":"base64"}}"# + "\n"
                    + #"{"key":"file","value":{"path":"b","content":"x\n\u00e9","encoding":"utf-8"}}"# + "\n"
                    + #"{"key":"lfsFile","value":{"path":"m.bin","algo":"sha256","oid":"\#(oid)","size":5}}"# + "\n"
                    + #"{"key":"deletedFile","value":{"path":"c"}}"# + "\n"
                    + #"{"key":"deletedFolder","value":{"path":"d"}}"#)
        ),
    ]
}
#endif
