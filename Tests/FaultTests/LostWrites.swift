import Foundation
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
        for cut in disk.cuts(sampling: 30, using: &random) {
            let tree = disk.tree(cut)
            let isEnd = cut.length == disk.endWithoutRest.length
            // What is right in the middle may be wrong at the end.
            guard seen.insert(SimulatedDisk.fingerprint(tree) ^ (isEnd ? 1 : 0)).inserted else { continue }
            finished += 1
            try await prepared.judge(
                tree, cut.label, mustBeNew: isEnd,
                finishing: finished % 10 == 0, &tally)
        }
        try tally.record(
            family: 3, "power cut: \(scenario.name)", note: "\(prepared.log.count) operations, \(seen.count) states")
    }

    @Test(
        "a program that does not sync its packs, or their folders, or its catalog would be found out",
        arguments: ["packs/", ".pack", "registry/catalog"])
    func power(_ unsynced: String) async throws {
        let prepared = try await #require(Scenario.named("register").first).prepared()
        let syncs = OperationRecord.Kind.syncs
        let log = prepared.log.filter { record in
            guard syncs.contains(record.kind) else { return true }
            return switch unsynced {
            case "packs/": !record.path.hasPrefix("registry/packs") || record.path.hasSuffix(".part")
            case ".pack": !record.path.hasSuffix(".part")
            default: !record.path.hasPrefix(unsynced)
            }
        }
        #expect(log.count < prepared.log.count)
        let disk = try SimulatedDisk(template: prepared.stage.template, log: log)
        let fault = FaultCase(stage: prepared.stage, name: "unsynced")
        try FileManager.default.createDirectory(atPath: fault.folder, withIntermediateDirectories: false)
        try SimulatedDisk.write(disk.tree(disk.endWithoutRest), to: fault.folder)
        let found: Result<Inspection, any Error>
        do { found = .success(try await fault.inspect()) } catch { found = .failure(error) }
        if case .success(let inspection) = found { #expect(inspection.state != prepared.after) }
    }
}
