import Foundation
import Glibc
import TestSupport
import Testing

/// Commands that are killed at any time: between operations too, and while nothing is done with files.
@Suite(.serialized) struct RandomKills {
    private static let runs = Sweep.isFull ? 2000 : 200

    @Test(
        "a command that is killed at any time leaves the old state or the new one",
        arguments: Scenario.named("register", "move a tag", "remove a version"))
    func kills(_ scenario: Scenario) async throws {
        let prepared = try await scenario.prepared()
        var random = Sweep.generator("random kills, \(scenario.name)")
        var tally = Tally()
        var longest = 0.0
        for _ in 0..<3 {
            let copy = try prepared.stage.newCase()
            defer { copy.remove() }
            let start = ContinuousClock.now
            _ = try await run(copy, scenario, after: 60)
            longest = max(longest, (ContinuousClock.now - start) / .seconds(1))
        }
        for number in 0..<(Self.runs + 2) / 3 {
            let copy = try prepared.stage.newCase()
            defer { copy.remove() }
            let seconds = Double.random(in: 0.001...longest, using: &random)
            let outcome = try await run(copy, scenario, after: seconds)
            let what = "run \(number), killed after \(seconds) s"
            // 124 if the command came to its end just when it was to be killed.
            #expect([128 + SIGKILL, 124, 0].contains(outcome.status), "\(what): \(outcome.errors)")
            guard let (isNew, _) = await prepared.judge(copy, what, &tally) else { continue }
            #expect(outcome.status != 0 || isNew, "\(what): ended without doing its work")
            if number.isMultiple(of: 4) { try await prepared.finish(copy, what, wasNew: isNew) }
        }
        try tally.record(family: 1, "killed at a random time: \(scenario.name)", note: "seed \(random.seed)")
    }

    private func run(_ copy: FaultCase, _ scenario: Scenario, after seconds: Double) async throws
        -> DeltaicProcess.Outcome
    {
        let words = scenario.arguments(copy).map { "'\($0)'" }.joined(separator: " ")
        let limit = String(format: "%.6f", seconds)
        return try await copy.runShell("exec timeout --foreground -s KILL \(limit) \"$DELTAIC\" \(words)")
    }
}
