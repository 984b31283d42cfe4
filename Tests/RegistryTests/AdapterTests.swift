import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

/// LoRA adapters: kept as they are, and merged on request.
@Suite("adapters") struct AdapterTests {
    private static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    }

    /// A base of two F32 matrices of 3 x 4 and 4 x 3, and an adapter of rank 2 for the first.
    private func adapter(
        _ test: TestRegistry, config: String = #"{"peft_type": "LORA", "r": 2, "lora_alpha": 4}"#,
        extra: [TestTensor] = [], names: (String, String) = ("lora_A.weight", "lora_B.weight")
    ) async throws -> String {
        let weight = (0..<12).map { Float($0) }
        try await test.addBase(
            try test.folder(
                "base",
                [
                    TestTensor("model.q_proj.weight", .float32, [3, 4], bytes: Self.bytes(weight)),
                    TestTensor("model.norm.weight", .float32, [4], bytes: Self.bytes([1, 2, 3, 4])),
                ]))
        var builder = SafetensorsBuilder()
        // A is 2 x 4, B is 3 x 2.
        builder.add(
            "base_model.model.model.q_proj." + names.0, .float32, [2, 4], Self.bytes([1, 0, 2, 0, 0, 1, 0, 3]))
        builder.add("base_model.model.model.q_proj." + names.1, .float32, [3, 2], Self.bytes([1, 2, 0, 1, 3, 0]))
        for tensor in extra { builder.add(tensor.name, tensor.type, tensor.shape, tensor.bytes) }
        try test.directory.write("adapter/adapter_model.safetensors", builder.bytes())
        try test.directory.write("adapter/adapter_config.json", config.utf8)
        try test.directory.write("adapter/tokenizer_config.json", "{\"own\": 1}".utf8)
        return test.directory.path("adapter")
    }

    private func merged(_ test: TestRegistry, _ path: String) async throws -> [String: Data] {
        try await test.register(path, "lora")
        let output = test.directory.path("merged")
        _ = try await test.registry.pullMerged(VersionReference("lora"), to: output)
        return try test.contents(of: output)
    }

    @Test("an adapter comes back as it is, and merged as W + alpha / r B A")
    func merge() async throws {
        let test = try TestRegistry()
        let path = try await adapter(test)
        let files = try await merged(test, path)
        #expect(try await test.pulls("lora", equalTo: path))
        // alpha / r = 2; B A by hand.
        let product: [Float] = [1, 2, 2, 6, 0, 1, 0, 3, 3, 0, 6, 0]
        let expected = (0..<12).map { Float($0) + 2 * product[$0] } + [1, 2, 3, 4]
        let weights = try #require(files["model.safetensors"])
        #expect([UInt8](weights.suffix(64)) == Self.bytes(expected))
        #expect(files["tokenizer_config.json"] == Data("{\"own\": 1}".utf8))
        #expect(files["adapter_config.json"] == nil && files["config.json"] != nil)
    }

    @Test("whole tensors of an adapter take the place of the base's")
    func replacement() async throws {
        let test = try TestRegistry()
        let norm = TestTensor(
            "base_model.model.model.norm.modules_to_save.weight", .float32, [4], bytes: Self.bytes([9, 8, 7, -0.0]))
        let files = try await merged(test, try await adapter(test, extra: [norm]))
        #expect([UInt8](try #require(files["model.safetensors"]).suffix(16)) == norm.bytes)
    }

    @Test(
        "what cannot be merged exactly is refused",
        arguments: [
            #"{"peft_type": "IA3"}"#, #"{"peft_type": "LORA", "use_dora": true}"#, "{", #"{"r": 2}"#,
            #"{"peft_type": "LORA", "init_lora_weights": "pissa_niter_4"}"#,
            #"{"peft_type": "LORA", "lora_alpha": 1e39}"#,
            #"{"peft_type": "LORA", "alpha_pattern": {"q_proj": 1, "model.q_proj": 2}}"#,
            #"{"peft_type": "LORA", "alpha_pattern": {"mod.*q_proj": 1}, "rank_pattern": {"a[0]": 2}}"#,
        ])
    func refusedConfigurations(_ config: String) async throws {
        let test = try TestRegistry()
        let path = try await adapter(test, config: config)
        await #expect(throws: DeltaicError.self) { try await merged(test, path) }
    }

    @Test("null in a configuration is the same as nothing")
    func nulls() async throws {
        let config = #"""
            {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "use_rslora": null, "rank_pattern": null,
             "alpha_pattern": {"q_proj": null, "v_proj": 3}, "init_lora_weights": null, "layer_replication": null}
            """#
        let plain = try TestRegistry()
        let expected = try await merged(plain, try await adapter(plain))
        let test = try TestRegistry()
        #expect(try await merged(test, try await adapter(test, config: config)) == expected)
    }

    @Test(
        "a value of the wrong type is refused with the file and the key",
        arguments: [
            (#""r": "2""#, "r", "a whole number"), (#""lora_alpha": {}"#, "lora_alpha", "a number"),
            (#""use_rslora": 1"#, "use_rslora", "true or false"),
            (#""alpha_pattern": {"q_proj": "x"}"#, "alpha_pattern.q_proj", "a number"),
            (#""rank_pattern": []"#, "rank_pattern", "an object"),
            (#""init_lora_weights": 1"#, "init_lora_weights", "a string"),
        ])
    func wrongTypes(_ member: String, _ key: String, _ expected: String) async throws {
        let test = try TestRegistry()
        let path = try await adapter(test, config: #"{"peft_type": "LORA", "# + member + "}")
        let error = try await #require(throws: DeltaicError.self) { try await merged(test, path) }
        #expect(Array(error.places.suffix(2)) == ["adapter_config.json", key], "\(error)")
        #expect(error.expected == expected && !error.description.contains("Error"))
    }

    @Test("a merged weight that overflows F16 is refused with its tensor", arguments: [true, false])
    func overflow(isReplacement: Bool) async throws {
        let test = try TestRegistry()
        // 60,000 is 0x7b53; the two largest products are 4 times 4,096.
        let base = [UInt8](repeating: 0, count: 30) + [0x53, 0x7b]
        try await test.addBase(
            try test.folder("base", [TestTensor("model.q_proj.weight", .float16, [4, 4], bytes: base)]))
        var builder = SafetensorsBuilder()
        if isReplacement {
            let values = Self.bytes([Float](repeating: 0, count: 15) + [65_520])
            builder.add("base_model.model.model.q_proj.modules_to_save.weight", .float32, [4, 4], values)
        } else {
            builder.add("base_model.model.model.q_proj.lora_A.weight", .float32, [1, 4], Self.bytes([0, 0, 0, 4]))
            builder.add("base_model.model.model.q_proj.lora_B.weight", .float32, [4, 1], Self.bytes([0, 0, 0, 4096]))
        }
        try test.directory.write("adapter/adapter_model.safetensors", builder.bytes())
        let config = #"{"peft_type": "LORA", "r": 1, "lora_alpha": 1}"#
        try test.directory.write("adapter/adapter_config.json", config.utf8)
        let error = try await #require(throws: DeltaicError.self) {
            try await merged(test, test.directory.path("adapter"))
        }
        #expect(error.description.contains("model.q_proj.weight, element 15") && error.message.contains("F16"))
        let files = try test.contents(of: test.directory.path("merged"))
        #expect(files["model.safetensors"] == nil)
    }

    @Test(
        "factors that leave anything open are refused",
        arguments: [
            ("lora_A.weight", "lora_B.bias"), ("lora_A.first.weight", "lora_B.first.weight"),
            ("lora_A.weight", "lora_A.default.weight"), ("lora_A.weight", "lora_magnitude_vector"),
        ])
    func refusedFactors(_ names: (String, String)) async throws {
        let test = try TestRegistry()
        let path = try await adapter(test, names: names)
        await #expect(throws: DeltaicError.self) { try await merged(test, path) }
    }

    @Test("a whole model is no adapter")
    func noAdapter() async throws {
        let test = try TestRegistry()
        _ = try await adapter(test)
        await #expect(throws: DeltaicError.self) {
            try await test.registry.pullMerged(VersionReference("base"), to: test.directory.path("x"))
        }
    }
}
