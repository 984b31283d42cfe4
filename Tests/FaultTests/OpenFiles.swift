import TestSupport
import Testing

/// Files cannot be opened: the process, or the system, has too many open.
@Suite(.serialized) struct OpenFiles {
    @Test(
        "a command that may open no more files says so and leaves the old state, or has done its work",
        arguments: DiskFull.scenarios, FailingCalls.openFiles)
    func sweep(_ scenario: Scenario, _ calls: FailingCalls) async throws {
        try await calls.sweep(scenario)
    }
}
