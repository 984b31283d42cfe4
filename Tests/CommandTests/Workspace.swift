import TestSupport
import Testing

/// A registry of its own for one test, and a folder to put models in.
struct Workspace {
    let directory: TemporaryDirectory
    let deltaic: DeltaicProcess

    /// Makes an empty registry.
    init() async throws {
        directory = try TemporaryDirectory()
        deltaic = DeltaicProcess(in: directory)
        try await succeed("init")
    }

    /// Runs a command that must succeed.
    @discardableResult
    func succeed(_ arguments: String...) async throws -> DeltaicProcess.Outcome {
        let outcome = try await deltaic.run(arguments)
        try #require(outcome.status == 0, "deltaic \(arguments): \(outcome.errors)")
        return outcome
    }

    /// Runs a command with `--json` that must succeed.
    func json(_ arguments: String...) async throws -> JSONValue {
        let outcome = try await deltaic.run(arguments + ["--json"])
        try #require(outcome.status == 0, "deltaic \(arguments): \(outcome.errors)")
        return try outcome.json()
    }

    /// Adds the base `tiny` and its fine-tune `org/tuned`, from folders `base` and `tuned`.
    @discardableResult
    func addPair(seed: UInt64 = 1) async throws -> (base: SyntheticModel, tuned: SyntheticModel) {
        let base = SyntheticModel(seed: seed)
        let tuned = base.tuned(seed: seed + 1)
        try await succeed("base", "add", base.write("base", in: directory), "--name", "tiny")
        try await succeed(
            "register", tuned.write("tuned", in: directory), "--name", "org/tuned", "--base", "tiny", "--task", "math",
            "--tag", "prod", "--message", "first")
        return (base, tuned)
    }

    /// Registers a folder as a fine-tune of a base, pulls it and says whether each file came back as it was.
    func comesBack(_ folder: String, base: String? = nil) async throws -> Bool {
        let path = directory.path(folder)
        if let base {
            try await succeed("register", path, "--name", "again", "--base", base)
        } else {
            try await succeed("base", "add", path, "--name", "again")
        }
        try await succeed("pull", "again", "--output", directory.path("pulled"))
        let original = try FolderContents.digests(of: path)
        return try !original.isEmpty && FolderContents.digests(of: directory.path("pulled")) == original
    }
}
