import TestSupport
import Testing

/// Libraries that start threads when they are loaded are loaded by those alone who need them.
@Suite struct LoadedLibraryTests {
    /// The linker names on standard error all that it loads.
    private static let named = ["LD_DEBUG": "files"] as [String: String?]

    @Test("a command that encodes nothing with linear algebra does not load OpenBLAS")
    func withoutAlgebra() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        for arguments in [["--version"], ["list"], ["show", "org/tuned"]] {
            let outcome = try await workspace.deltaic.run(arguments, environment: Self.named)
            #expect(outcome.status == 0 && outcome.errors.contains("libsqlite3"))
            #expect(!outcome.errors.contains("openblas"), "\(arguments)")
        }
    }

    @Test("an encoder that decomposes matrices loads it")
    func withAlgebra() async throws {
        let workspace = try await Workspace()
        // Smaller matrices are kept exactly.
        let model = SyntheticModel(seed: 30, width: 128, layers: 1)
        try await workspace.succeed("base", "add", try model.write("base", in: workspace.directory), "--name", "tiny")
        let folder = try model.tuned(seed: 31).write("tuned", in: workspace.directory)
        let outcome = try await workspace.deltaic.run(
            ["register", folder, "--name", "org/low", "--base", "tiny", "--codec", "low-rank", "--set", "rank=8"],
            environment: Self.named)
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("openblas"))
    }
}
