import TestSupport
import Testing

/// What a lossy registration says on standard error.
@Suite struct LossyNoteTests {
    /// A base, and a fine-tune with layers that no lossy codec can take.
    private func pair(in workspace: Workspace) async throws -> String {
        let base = SyntheticModel(seed: 5, width: 96)
        try await workspace.succeed("base", "add", base.write("base", in: workspace.directory), "--name", "tiny")
        var builder = base.tuned(seed: 6).builder
        for name in ["layer.7.dense.weight", "layer.8.dense.weight"] {
            builder.add(name, dtype: "F32", [4, 4], [UInt8](repeating: 1, count: 64))
        }
        builder.add("layer.9.dense.weight", dtype: "F64", [4, 4], [UInt8](repeating: 2, count: 128))
        try workspace.directory.write("tuned/model.safetensors", builder.bytes())
        return workspace.directory.path("tuned")
    }

    @Test("tensors that are kept exactly all the same are told by reason")
    func keptExactly() async throws {
        let workspace = try await Workspace()
        let tuned = try await pair(in: workspace)
        let notes = try await workspace.succeed(
            "register", tuned, "--name", "m", "--base", "tiny", "--codec", "seeded-sign"
        ).errors.split(separator: "\n").filter { $0.contains("kept exactly") }
        #expect(notes.count == 2)
        #expect(
            notes.contains {
                $0.contains("2 tensors") && $0.contains("layer.8") && $0.contains("the base has no tensor")
            })
        #expect(
            notes.contains { $0.contains("1 tensor ") && $0.contains("layer.9") && $0.contains("F32, F16 and BF16") })
    }

    @Test("matrices of --moments that nothing uses are told, and a file of nothing else is refused")
    func moments() async throws {
        let workspace = try await Workspace()
        let tuned = try await pair(in: workspace)
        var builder = SafetensorsBuilder()
        let one: [UInt8] = [0, 0, 0x80, 0x3f]
        let identity = (0..<96 * 96).flatMap { $0 % 97 == 0 ? one : [0, 0, 0, 0] }
        builder.add("other.weight", dtype: "F32", [96, 96], identity)
        try workspace.directory.write("other.safetensors", builder.bytes())
        builder.add("layer.1.dense.weight", dtype: "F32", [96, 96], identity)
        try workspace.directory.write("both.safetensors", builder.bytes())
        let arguments = ["register", tuned, "--name", "m", "--base", "tiny", "--dry-run", "--codec"]

        let outcome = try await workspace.deltaic.run(
            arguments + ["sparse24", "--moments", workspace.directory.path("both.safetensors"), "--json"])
        #expect(outcome.errors.contains("1 matrix of --moments not used: other.weight"), "\(outcome.errors)")
        #expect(try outcome.json()["report"]["unusedMoments"].array.map(\.string) == ["other.weight"])
        for (codec, file) in [("sparse24", "other"), ("seeded-sign", "both")] {
            let refused = try await workspace.deltaic.run(
                arguments + [codec, "--moments", workspace.directory.path("\(file).safetensors")])
            #expect(refused.status != 0 && refused.errors.contains("\(file).safetensors"), "\(refused.errors)")
        }
    }
}
