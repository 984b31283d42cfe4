import TestSupport
import Testing

/// What was registered comes back byte by byte.
@Suite struct RoundTripTests {
    @Test("a model may have more files than a process may have open")
    func manyFiles() async throws {
        let workspace = try await Workspace()
        try SyntheticModel(seed: 1).write("many", in: workspace.directory)
        for number in 0..<200 { try workspace.directory.write("many/\(number).txt", "\(number)".utf8) }
        let outcome = try await workspace.deltaic.runShell(
            "ulimit -n 100; \"$DELTAIC\" base add many --name many && \"$DELTAIC\" pull many --output out")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            try FolderContents.digests(of: workspace.directory.path("out"))
                == FolderContents.digests(of: workspace.directory.path("many")))
    }

    /// Every dtype and the bytes of one element.
    private static let types = [
        ("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1), ("F8_E8M0", 1), ("I64", 8),
        ("I32", 4), ("I16", 2), ("I8", 1), ("U64", 8), ("U32", 4), ("U16", 2), ("U8", 1), ("BOOL", 1),
    ]

    @Test("a fine-tune that is registered and pulled has the same SHA-256, file by file")
    func threeJobs() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let savings = try await workspace.json("savings")
        #expect(savings["versions"].integer == 2)
        try await workspace.succeed("pull", "org/tuned@v1", "--output", workspace.directory.path("out"))
        let original = try FolderContents.digests(of: workspace.directory.path("tuned"))
        #expect(original.count == 2)
        #expect(try FolderContents.digests(of: workspace.directory.path("out")) == original)
    }

    @Test("a base comes back too")
    func base() async throws {
        let workspace = try await Workspace()
        try SyntheticModel(seed: 3).write("model", in: workspace.directory)
        #expect(try await workspace.comesBack("model"))
    }

    @Test("a single file is registered and comes back under its name")
    func singleFile() async throws {
        let workspace = try await Workspace()
        let bytes = SyntheticModel(seed: 4).builder.bytes()
        let path = try workspace.directory.write("weights.safetensors", bytes)
        try await workspace.succeed("base", "add", path, "--name", "single")
        try await workspace.succeed("pull", "single", "--output", workspace.directory.path("out"))
        #expect(try FolderContents.bytes(of: workspace.directory.path("out/weights.safetensors")) == bytes)
    }

    @Test("whitespace and padding of a header are kept")
    func headerWhitespace() async throws {
        let workspace = try await Workspace()
        var builder = SyntheticModel(seed: 5).builder
        builder.whitespace = "  \n\t"
        builder.padding = 13
        builder.metadata = ["format": "pt", "a": "\u{e9}\"\\"]
        try workspace.directory.write("model/model.safetensors", builder.bytes())
        #expect(try await workspace.comesBack("model"))
        try Evidence.record(
            family: 16, "headers and tensors of unusual form", tried: 1, outcomes: ["right": 1])
    }

    @Test("an unusual order of keys in a header is kept")
    func keyOrder() async throws {
        let workspace = try await Workspace()
        let json = """
            {"b":{"data_offsets":[4,8],"shape":[1],"dtype":"F32"},"__metadata__":{"z":"1","a":"2"},\
            "a":{"shape":[2],"data_offsets":[0,4],"dtype":"F16"}}
            """
        try workspace.directory.write(
            "model/model.safetensors", SafetensorsBuilder.file(json: Array(json.utf8), data: [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(try await workspace.comesBack("model"))
        try Evidence.record(
            family: 16, "headers and tensors of unusual form", tried: 1, outcomes: ["right": 1])
    }

    @Test("a sharded model with an index comes back")
    func shards() async throws {
        let workspace = try await Workspace()
        let model = SyntheticModel(seed: 6)
        var weightMap: [String] = []
        var total = 0
        for (position, tensor) in model.tensors.enumerated() {
            let name = "model-0000\(position + 1)-of-0000\(model.tensors.count).safetensors"
            var builder = SafetensorsBuilder()
            builder.add(tensor.name, dtype: "F32", tensor.shape, tensor.bytes)
            try workspace.directory.write("model/" + name, builder.bytes())
            weightMap.append("\"\(tensor.name)\": \"\(name)\"")
            total += tensor.bytes.count
        }
        let index = """
            {"metadata": {"total_size": \(total)}, "weight_map": {\(weightMap.joined(separator: ", "))}}
            """
        try workspace.directory.write("model/model.safetensors.index.json", index.utf8)
        #expect(try await workspace.comesBack("model"))
    }

    @Test("tensors of every dtype come back, alone and as deltas")
    func everyType() async throws {
        let workspace = try await Workspace()
        for (folder, seed) in [("base", UInt64(7)), ("tuned", 8)] {
            var generator = SeededGenerator(seed: 7)
            var noise = SeededGenerator(seed: seed)
            var builder = SafetensorsBuilder()
            for (type, width) in Self.types {
                var bytes = generator.bytes(300 * width)
                if type == "BOOL" { bytes = bytes.map { $0 & 1 } }
                for position in stride(from: 0, to: bytes.count, by: width) where noise.next() % 4 == 0 {
                    bytes[position] ^= 1
                }
                builder.add("tensor.\(type)", dtype: type, [30, 10], bytes)
            }
            try workspace.directory.write("\(folder)/model.safetensors", builder.bytes())
        }
        try await workspace.succeed("base", "add", workspace.directory.path("base"), "--name", "all")
        #expect(try await workspace.comesBack("tuned", base: "all"))
    }

    @Test("tensors without elements come back")
    func emptyTensors() async throws {
        let workspace = try await Workspace()
        var builder = SafetensorsBuilder()
        builder.add("empty", dtype: "F32", [0], [])
        builder.add("empty.rows", dtype: "BF16", [3, 0, 2], [])
        builder.add("scalar", dtype: "F64", [], [0, 1, 2, 3, 4, 5, 6, 7])
        try workspace.directory.write("model/model.safetensors", builder.bytes())
        #expect(try await workspace.comesBack("model"))
        try Evidence.record(
            family: 16, "headers and tensors of unusual form", tried: 1, outcomes: ["right": 1])
    }

    @Test("files without bytes come back")
    func emptyFiles() async throws {
        let workspace = try await Workspace()
        try SyntheticModel(seed: 9).write("model", in: workspace.directory)
        try workspace.directory.write("model/empty.txt", [])
        #expect(try await workspace.comesBack("model"))
        try Evidence.record(
            family: 16, "headers and tensors of unusual form", tried: 1, outcomes: ["right": 1])
    }

    @Test("tied tensors come back and are stored once")
    func tiedTensors() async throws {
        let workspace = try await Workspace()
        var generator = SeededGenerator(seed: 10)
        let bytes = generator.bytes(40_000)
        var builder = SafetensorsBuilder()
        builder.add("embeddings", dtype: "F32", [100, 100], bytes)
        builder.add("head", dtype: "F32", [100, 100], bytes)
        try workspace.directory.write("model/model.safetensors", builder.bytes())
        #expect(try await workspace.comesBack("model"))
        try Evidence.record(
            family: 16, "headers and tensors of unusual form", tried: 1, outcomes: ["right": 1])
        let stored = try await workspace.json("show", "again")["version"]["storedBytes"].integer
        #expect(try #require(stored) < 45_000)
    }

    @Test("a fine-tune with more rows in its vocabulary comes back, and is stored as a delta of the common ones")
    func resizedVocabulary() async throws {
        let workspace = try await Workspace()
        let base = SyntheticModel(seed: 11, rows: 2000)
        var tuned = base.tuned(seed: 12)
        tuned.tensors[0].shape = [2003, 32]
        tuned.tensors[0].values += [Float](repeating: 0.5, count: 96)
        try await workspace.succeed(
            "base", "add", base.write("base", in: workspace.directory), "--name", "tiny")
        try tuned.write("tuned", in: workspace.directory)
        #expect(try await workspace.comesBack("tuned", base: "tiny"))
        let tensors = try await workspace.json("show", "again")["tensors"]
        #expect(tensors[0]["content"]["codec"].string == "exact")
    }

    @Test("a fine-tune with fewer rows in its vocabulary comes back")
    func smallerVocabulary() async throws {
        let workspace = try await Workspace()
        let base = SyntheticModel(seed: 13)
        var tuned = base.tuned(seed: 14)
        tuned.tensors[0].shape = [190, 32]
        tuned.tensors[0].values.removeLast(320)
        try await workspace.succeed(
            "base", "add", base.write("base", in: workspace.directory), "--name", "tiny")
        try tuned.write("tuned", in: workspace.directory)
        #expect(try await workspace.comesBack("tuned", base: "tiny"))
    }

    @Test("tensors of more than one chunk come back, whatever the number of threads", arguments: ["1", "3"])
    func manyChunks(threads: String) async throws {
        let workspace = try await Workspace()
        let base = SyntheticModel(seed: 15, rows: 9000, width: 128, layers: 1)
        try await workspace.succeed(
            "base", "add", base.write("base", in: workspace.directory), "--name", "tiny", "--threads", threads)
        let tuned = try base.tuned(seed: 16).write("tuned", in: workspace.directory)
        try await workspace.succeed("register", tuned, "--name", "a", "--base", "tiny", "--threads", threads)
        try await workspace.succeed("pull", "a", "--output", workspace.directory.path("out"), "--threads", threads)
        #expect(
            try FolderContents.digests(of: workspace.directory.path("out")) == FolderContents.digests(of: tuned))
    }
}
