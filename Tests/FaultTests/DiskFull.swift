import TestSupport
import Testing

/// Calls that write, name or sync fail: the disk or the quota is full, there are no inodes, the disk has an error.
@Suite(.serialized) struct DiskFull {
    static let scenarios =
        Scenario.named("init", "base add", "register", "move a tag", "remove a version") + [Scenario.pull]

    @Test(
        "a command whose calls fail says so and leaves the old state, or has done its work",
        arguments: scenarios, FailingCalls.full)
    func sweep(_ scenario: Scenario, _ calls: FailingCalls) async throws {
        try await calls.sweep(scenario)
    }
}
