import Glibc
import TestSupport
import Testing

/// The process is killed before, and in the middle of, the operations of a command that write, sync or name files.
@Suite(.serialized) struct KillAtFailPoint {
    @Test(
        "a command that is killed anywhere leaves the old state or the new one, and works again",
        arguments: Scenario.all)
    func sweep(_ scenario: Scenario) async throws {
        let prepared = try await scenario.prepared()
        var random = Sweep.generator("kill, \(scenario.name)")
        var tally = Tally()
        let points = prepared.points(in: prepared.log, sampling: 4, using: &random)
        for (index, point) in points.enumerated() {
            try await kill(prepared, Fault(at: point.number), point, finishing: index % 2 == 0, &tally)
            guard point.kind == .write, point.bytes.count > 1, Sweep.isFull || index % 5 == 0 else { continue }
            try await kill(
                prepared, Fault(at: point.number, action: .torn), point, finishing: index % 2 == 0, &tally)
        }
        // Past the last one nothing happens.
        let fault = try prepared.stage.newCase()
        defer { fault.remove() }
        let outcome = try await fault.run(scenario.arguments(fault), Fault(at: prepared.log.count + 100))
        #expect(outcome.status == 0)
        try tally.record(
            family: scenario.name.hasPrefix("gc") ? 2 : 1, "killed at a fail point: \(scenario.name)",
            note: "\(prepared.log.count) operations, \(points.count) tried")
    }

    private func kill(
        _ prepared: PreparedScenario, _ fault: Fault, _ point: OperationRecord, finishing: Bool, _ tally: inout Tally
    ) async throws {
        let what = "\(fault.action.rawValue) at \(point.number) (\(point.kind) \(point.path))"
        let copy = try prepared.stage.newCase()
        defer { copy.remove() }
        let outcome = try await copy.run(prepared.scenario.arguments(copy), fault)
        // Runs differ by a few operations: one that came to its end must have done its work.
        #expect([128 + SIGKILL, 0].contains(outcome.status), "\(prepared.scenario.name), \(what): \(outcome.errors)")
        guard let (isNew, _) = await prepared.judge(copy, what, &tally) else { return }
        #expect(outcome.status != 0 || isNew, "\(prepared.scenario.name), \(what): ended without doing its work")
        if finishing { try await prepared.finish(copy, what, wasNew: isNew) }
    }
}
