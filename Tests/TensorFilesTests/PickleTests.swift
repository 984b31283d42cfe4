internal import DeltaicCore
internal import TensorFiles
internal import TestSupport
internal import Testing

@Suite("Pickles")
struct PickleTests {
    private static let zip: [UInt8] = [0x50, 0x4b, 0x03, 0x04] + [UInt8](repeating: 0, count: 26)
    private static let legacyTorch: [UInt8] = [
        0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e, 0x80, 0x02, 0x4d,
    ]
    private static let tar =
        [UInt8](repeating: 0, count: 257) + Array("ustar\0".utf8) + [UInt8](repeating: 0, count: 249)

    private func open(_ name: String, _ bytes: [UInt8]) throws -> ModelDirectory {
        let directory = try TemporaryDirectory()
        try directory.write("model.safetensors", smallModel())
        try directory.write(name, bytes)
        return try ModelDirectory.open(directory.path)
    }

    private static let pickles: [(String, [UInt8])] = [
        ("pytorch_model.bin", zip + Array("archive/data.pkl".utf8)),
        ("model.PT", zip + Array("archive/data.pkl".utf8)),
        ("model.ckpt", zip + Array("x/other.pkl".utf8)), ("weights.dat", zip + Array("archive/data.pkl".utf8)),
        ("pytorch_model.bin", legacyTorch), ("weights", legacyTorch), ("old.pth", tar),
        ("x.pkl", [0x80, 0x04, 0x4b, 0x01]), ("x.pickle", [0x80, 0x05, 0x2e]),
        ("x.joblib", [0x80, 0x03, 0x00, 0x2e]),
        ("training_args.txt", [0x80, 0x02, 0x4b, 0x01, 0x2e]), ("x", [0x80, 0x05, 0x4b, 0x01, 0x2e]),
    ]

    @Test("pickles are refused", arguments: pickles)
    func refused(name: String, bytes: [UInt8]) {
        let error = refusal { _ = try open(name, bytes) }
        #expect(error?.code == .pickleRefused)
        #expect(error?.places == ["\"\(name)\""])
        #expect(error?.advice?.contains("safetensors") == true)
    }

    private static let others: [(String, [UInt8])] = [
        ("tokenizer.bin", [1, 2, 3]), ("empty.bin", []), ("one.pt", [0x80]), ("vocab.pkl", [0x80, 0x06, 0x2e]),
        ("a.zip", zip + Array("notes.txt".utf8)), ("a.zip", zip + Array("notes.pkl".utf8)), ("b.bin", zip),
        ("data", [0x80, 0x02, 0x4b, 0x01]), ("a.tar", tar),
    ]

    @Test("files that are no pickles are accepted, whatever their suffix", arguments: others)
    func accepted(name: String, bytes: [UInt8]) throws {
        #expect(try open(name, bytes).files.map(\.path).contains(name))
    }
}
