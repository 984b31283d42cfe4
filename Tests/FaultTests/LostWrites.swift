import TestSupport
import Testing

/// The power fails: what was not synced is missing, all of it or a part.
@Suite(.serialized) struct LostWrites {
    @Test(
        "a power cut leaves the old state or the new one, and the new one once a command has ended",
        arguments: Scenario.all)
    func powerCut(_ scenario: Scenario) async throws {
        let prepared = try await scenario.prepared()
        var random = Sweep.generator("power cut, \(scenario.name)")
        let disk = try SimulatedDisk(template: prepared.stage.template, log: prepared.log)
        var tally = Tally()
        var seen: Set<Int> = []
        var finished = 0
        for cut in disk.cuts(sampling: 50, using: &random) {
            let tree = disk.tree(cut)
            guard seen.insert(SimulatedDisk.fingerprint(tree)).inserted else { continue }
            finished += 1
            try await prepared.judge(
                tree, cut.label, mustBeNew: cut.length == disk.endWithoutRest.length,
                finishing: finished % 10 == 0, &tally)
        }
        try tally.record(
            family: 3, "power cut: \(scenario.name)", note: "\(prepared.log.count) operations, \(seen.count) states")
    }
}
