import Foundation
import TestSupport
import Testing

/// `deltaic compare`: rows that say what they are.
@Suite struct CompareCommandTests {
    private func pair(in workspace: Workspace) async throws -> String {
        let base = SyntheticModel(seed: 7, width: 128)
        try await workspace.succeed("base", "add", base.write("base", in: workspace.directory), "--name", "tiny")
        return try base.tuned(seed: 8).write("tuned", in: workspace.directory)
    }

    @Test("no ratio can be asked of drop, as in register", arguments: ["--ratios", "--ratios-linear"])
    func drop(_ option: String) async throws {
        let workspace = try await Workspace()
        let tuned = try await pair(in: workspace)
        let outcome = try await workspace.deltaic.run(
            ["compare", tuned, "--base", "tiny", "--codecs", "dare, drop", option, "20"])
        #expect(outcome.status == 64 && outcome.errors.contains("drop takes nothing"), "\(outcome.errors)")
        let text = try await workspace.succeed("compare", tuned, "--base", "tiny", "--codecs", "dare, drop").output
        #expect(text.contains("drop") && text.contains("settings"))
    }

    @Test("a goal that cannot be reached is told with its bound")
    func failure() async throws {
        let workspace = try await Workspace()
        let tuned = try await pair(in: workspace)
        let text = try await workspace.succeed(
            "compare", tuned, "--base", "tiny", "--codecs", "seeded-sign", "--ratios", "100000"
        ).output
        #expect(text.contains("(expected less than "), "\(text)")
    }

    @Test("a single file is scored as its reconstructions are: with nothing beside it")
    func singleFile() async throws {
        let workspace = try await Workspace()
        let tuned = try await pair(in: workspace)
        let result = try await workspace.json(
            "compare", tuned + "/model.safetensors", "--base", "tiny", "--codecs", "bitdelta", "--command",
            "test \"$(ls -A \"$1\")\" = model.safetensors && wc -c < \"$1/model.safetensors\"")
        let size = try FileManager.default.attributesOfItem(atPath: tuned + "/model.safetensors")[.size] as? Int
        #expect(result["originalScore"].integer == size)
        #expect(result["rows"].array.map { $0["score"].integer } == [size])
    }
}
