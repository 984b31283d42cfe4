import Foundation
import Glibc
import TestSupport
import Testing

/// Commands beside each other, and commands that are interrupted.
@Suite(.serialized) struct ProcessTests {
    /// A file that takes about a second to encode on one thread.
    private func largeModel(in directory: TemporaryDirectory) throws -> String {
        var generator = SeededGenerator(seed: 60)
        var builder = SafetensorsBuilder()
        for name in 0..<6 { builder.add("t\(name)", dtype: "F32", [4 << 20], generator.words(4 << 20)) }
        return try directory.write("large/model.safetensors", builder.bytes())
    }

    /// Waits until a temporary file lies in a folder, then does something at once.
    ///
    /// On a thread of its own: that of a test may be kept from running for longer than the file exists.
    @Sendable private static func whenPartAppears(
        in folder: String, _ body: @escaping @Sendable () -> Void
    ) async throws {
        let appeared = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                for _ in 0..<60_000 {
                    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                    if names.contains(where: { $0.hasSuffix(".part") }) {
                        body()
                        return continuation.resume(returning: true)
                    }
                    usleep(1000)
                }
                continuation.resume(returning: false)
            }
        }
        #expect(appeared, "no temporary file in \(folder)")
    }

    @Test("a signal ends a registration with its status and leaves no temporary file", arguments: [SIGINT, SIGTERM])
    func interruption(signal: Int32) async throws {
        let workspace = try await Workspace()
        let model = try largeModel(in: workspace.directory)
        let packs = workspace.deltaic.registry + "/packs"
        let outcome = try await workspace.deltaic.run(
            ["base", "add", model, "--name", "large", "--threads", "1"]
        ) { process in
            try await Self.whenPartAppears(in: packs) { kill(process, signal) }
        }
        #expect(outcome.status == 128 + signal)
        #expect(outcome.errors == "error: interrupted\n")
        #expect(outcome.output.isEmpty)
        #expect(FolderContents.files(in: packs).isEmpty)
        #expect(try await workspace.json("list").array.isEmpty)
    }

    @Test("a command that is killed leaves a folder, and the next one removes it")
    func killed() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        try workspace.directory.write("tmp/keep", [])
        let folder = workspace.directory.path("tmp")
        func leftovers() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("deltaic-") }
        }
        let killed = try await workspace.deltaic.run(
            ["evaluate", "org/tuned", "--command", "kill -9 $PPID"], environment: ["TMPDIR": folder])
        #expect(killed.status == 128 + SIGKILL)
        let name = try #require(try leftovers().first)
        // As if a minute had gone by.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)],
            ofItemAtPath: folder + "/" + name + "/.deltaic-scratch")
        let next = try await workspace.deltaic.run(
            ["evaluate", "org/tuned", "--command", "echo 1"], environment: ["TMPDIR": folder])
        #expect(next.status == 0, "\(next.errors)")
        #expect(try leftovers().isEmpty)
    }

    @Test("a signal ends a user's command too, and the folder goes", .timeLimit(.minutes(1)))
    func interruptedEvaluation() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        try workspace.directory.write("tmp/keep", [])
        let pipe = try NamedPipe(path: workspace.directory.path("pipe"))
        let outcome = try await workspace.deltaic.run(
            ["evaluate", "org/tuned", "--command", "echo 1 > '\(pipe.path)'; sleep 600"],
            environment: ["TMPDIR": workspace.directory.path("tmp")]
        ) { process in
            #expect(await pipe.line() == "1")
            kill(process, SIGTERM)
        }
        #expect(outcome.status == 128 + SIGTERM && outcome.errors == "error: interrupted\n")
        #expect(FolderContents.files(in: workspace.directory.path("tmp")) == ["keep"])
    }

    @Test("commands that only read work while another process registers")
    func readsWhileWriting() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let model = try largeModel(in: workspace.directory)
        let packs = workspace.deltaic.registry + "/packs"
        let deltaic = workspace.deltaic
        let output = workspace.directory.path("out")
        let outcome = try await deltaic.run(
            ["base", "add", model, "--name", "large", "--threads", "1"]
        ) { _ in
            try await Self.whenPartAppears(in: packs) {}
            for command in [["list"], ["savings"], ["show", "org/tuned"], ["pull", "org/tuned", "--output", output]] {
                #expect(try await deltaic.run(command).status == 0)
            }
        }
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("a command that writes leaves the files without which the catalog cannot be opened for reading only")
    func companions() async throws {
        let workspace = try await Workspace()
        try await workspace.succeed("task", "add", "math")
        let files = FolderContents.files(in: workspace.deltaic.registry)
        #expect(Set(files).isSuperset(of: ["catalog.sqlite", "catalog.sqlite-shm", "catalog.sqlite-wal"]))
        #expect(try FolderContents.bytes(of: workspace.deltaic.registry + "/catalog.sqlite-wal").isEmpty)
    }

    @Test("two processes that register at once both succeed")
    func twoWriters() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let deltaic = workspace.deltaic
        let folders = try (0..<4).map { number in
            try SyntheticModel(seed: 1).tuned(seed: 70 + UInt64(number)).write("n\(number)", in: workspace.directory)
        }
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for folder in folders {
                group.addTask {
                    try await deltaic("register", folder, "--name", "org/tuned", "--base", "tiny").status
                }
            }
            for try await status in group { #expect(status == 0) }
        }
        #expect(try await workspace.json("log", "org/tuned").array.map { $0["number"].integer } == [5, 4, 3, 2, 1])
    }
}

extension SeededGenerator {
    /// Words of 32 random bits, as bytes.
    fileprivate mutating func words(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 4 * count) { buffer, used in
            for position in 0..<count {
                let word = UInt32(truncatingIfNeeded: next())
                buffer.withMemoryRebound(to: UInt8.self) { bytes in
                    for byte in 0..<4 { bytes[4 * position + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte)) }
                }
            }
            used = 4 * count
        }
    }
}
