internal import DeltaicCore
internal import TensorFiles
internal import TestSupport
internal import Testing

@Suite("Shard indexes")
struct ShardIndexTests {
    /// Opens a folder of two shards (`a`, `b` and `c`, `d`) with this index.
    private func open(_ index: String, folder: String = "", name: String = "model.safetensors.index.json") throws {
        let directory = try TemporaryDirectory()
        try directory.write(folder + "model-1.safetensors", smallModel(["a", "b"]))
        try directory.write(folder + "model-2.safetensors", smallModel(["c", "d"]))
        try directory.write(folder + "config.json", "{}".utf8)
        try directory.write(folder + name, index.utf8)
        _ = try ModelDirectory.open(directory.path)
    }

    private static let good = """
        {"metadata": {"total_size": 2.0e1}, "weight_map":
          {"a": "model-1.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors", "d": "model-2.safetensors"}}
        """

    @Test("an index that agrees with its shards is accepted, in any folder", arguments: ["", "unet/"])
    func accepted(folder: String) throws {
        try open(Self.good, folder: folder)
    }

    @Test("tensors that the index leaves out are accepted")
    func incomplete() throws {
        try open(#"{"weight_map":{"a":"model-1.safetensors"}}"#)
    }

    @Test("the weight map is read as it is written")
    func weightMap() throws {
        #expect(
            try ShardIndex.parse(Array(#"{"weight_map":{"a":"x","b":"y"}}"#.utf8)).weightMap == ["a": "x", "b": "y"])
    }

    @Test(
        "an index that does not fit its shards is refused",
        arguments: [
            (#"{"weight_map":{"a":"model-3.safetensors"}}"#, "is missing"),
            (#"{"weight_map":{"c":"model-1.safetensors"}}"#, "does not hold"),
            (#"{"weight_map":{"a":"config.json"}}"#, "no safetensors"),
            (#"{"weight_map":{"a":"../model-1.safetensors"}}"#, "unsafe"),
            (#"{"weight_map":{"a":"x/../model-1.safetensors"}}"#, "unsafe"),
            (#"{"weight_map":{"a":"/etc/passwd"}}"#, "unsafe"), (#"{"weight_map":{"a":"..\\a"}}"#, "unsafe"),
            (#"{"weight_map":{"a":""}}"#, "unsafe"),
        ])
    func mismatched(index: String, message: String) {
        for name in ["model.safetensors.index.json", "model.safetensors.index.fp16.json"] {
            let error = refusal { try open(index, name: name) }
            #expect(error?.code == .badShardIndex)
            #expect(error?.message.contains(message) == true)
            #expect(error?.places.contains { $0.hasPrefix("tensor ") } == true)
        }
    }

    @Test(
        "an index that is malformed is refused",
        arguments: [
            "", "[]", "{}", #"{"weight_map":[]}"#, #"{"weight_map":{"a":1}}"#, #"{"weight_map":{"a":"x","a":"x"}}"#,
            #"{"weight_map":{}} x"#,
        ])
    func malformed(index: String) {
        #expect(refusal { try open(index) }?.code == .badShardIndex)
    }

    @Test("the index of PyTorch shards is not read")
    func otherIndex() throws {
        try open("no JSON", name: "pytorch_model.bin.index.json")
    }
}
