import DeltaicCore
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Registry

/// Users' commands, and the scores that they print.
@Suite("score commands") struct ScoreCommandTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func score(_ command: String) async throws -> Double {
        // The folder goes with the value, which need not live on when its path is known.
        defer { withExtendedLifetime(directory) {} }
        return try await ScoreCommand(command: command).run(on: directory.path)
    }

    @Test("the last number counts, and the folder is the first argument")
    func lastNumber() async throws {
        #expect(try await score("echo 3; echo acc=0.5 %") == 0.5)
        #expect(try await score("test $1 = $DELTAIC_MODEL && cd $1 && echo 1") == 1)
        #expect(try await score("cat; echo 2") == 2)
        // More than is kept of it, and more than a pipe holds.
        #expect(try await score("seq 1000000") == 1_000_000)
        // The output is closed before the end.
        #expect(try await score("echo 4; exec >&-; true") == 4)
    }

    @Test(
        "a command that fails, or prints no number, is refused",
        arguments: [
            ("exit 3", "found 3"), ("kill -9 $$", "signal 9"), ("exec >&-; exit 5", "found 5"), ("echo x", "no number"),
            ("no-such-command 2>&-", "found 127"),
        ])
    func failures(_ command: String, _ hint: String) async throws {
        let error = await #expect(throws: DeltaicError.self) { try await score(command) }
        #expect(error?.code == .evaluationFailed && error?.description.contains(hint) == true)
    }

    @Test("a child that stays in the background with the output open is not waited for", .timeLimit(.minutes(1)))
    func background() async throws {
        let file = directory.path("id")
        #expect(try await score("sleep 600 & echo $! > '\(file)'; echo 7") == 7)
        // One that prints without end, too.
        #expect(try await score("yes 8 & echo $! >> '\(file)'; echo 8") == 8)
        for id in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap({ Int32($0) }) {
            #expect(kill(id, SIGKILL) == 0)
        }
    }

    @Test("cancelling ends the command and what it runs", .timeLimit(.minutes(1)))
    func cancelling() async throws {
        let pipe = try NamedPipe(path: directory.path("pipe"))
        let work = Task { try await score("echo $$ > '\(pipe.path)'; sleep 600; echo 1") }
        let id = Int32(await pipe.line())
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        // The shell is reaped; its number is free.
        #expect(kill(try #require(id), 0) != 0)
    }
}
