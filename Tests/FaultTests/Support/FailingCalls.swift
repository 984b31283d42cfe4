import Foundation
import Glibc
import TestSupport
import Testing

/// A way in which calls of some kinds fail.
struct FailingCalls: Sendable, CustomTestStringConvertible {
    let name: String
    /// Of the list of faults.
    let family: Int
    let kinds: Set<OperationRecord.Kind>
    let error: Int32
    var isOnward = false
    /// Whether the first write that fails does half of its work, as when the last blocks are taken.
    var isShortFirst = false

    var testDescription: String { name }

    static let full: [FailingCalls] = [
        FailingCalls(
            name: "disk full", family: 7, kinds: OperationRecord.Kind.writes, error: ENOSPC, isOnward: true,
            isShortFirst: true),
        FailingCalls(name: "disk full once", family: 7, kinds: OperationRecord.Kind.writes, error: ENOSPC),
        FailingCalls(
            name: "quota exceeded", family: 7, kinds: OperationRecord.Kind.writes, error: EDQUOT, isOnward: true),
        FailingCalls(
            name: "no inodes", family: 7, kinds: OperationRecord.Kind.names, error: ENOSPC, isOnward: true),
        FailingCalls(name: "no inode once", family: 7, kinds: OperationRecord.Kind.names, error: ENOSPC),
        FailingCalls(name: "sync fails", family: 7, kinds: OperationRecord.Kind.syncs, error: EIO),
    ]

    static let openFiles: [FailingCalls] = [
        FailingCalls(
            name: "too many open files", family: 7, kinds: OperationRecord.Kind.opens, error: EMFILE, isOnward: true),
        FailingCalls(name: "too many open files once", family: 7, kinds: OperationRecord.Kind.opens, error: EMFILE),
        FailingCalls(
            name: "too many open files in the system", family: 7, kinds: OperationRecord.Kind.opens, error: ENFILE,
            isOnward: true),
    ]

    func fault(at number: Int) -> Fault {
        Fault(
            kinds: kinds, at: number, action: isShortFirst ? .short : .fail, error: error, isOnward: isOnward,
            isLogged: true)
    }

    /// How many such calls a run makes.
    func count(_ prepared: PreparedScenario) async throws -> [OperationRecord] {
        guard kinds.contains(.open) else { return prepared.log.filter { kinds.contains($0.kind) } }
        // Openings are not in the log: the number is found by letting a run end.
        var count = 0
        var step = 64
        while step > 0 {
            let copy = try prepared.stage.newCase()
            defer { copy.remove() }
            _ = try await copy.run(prepared.scenario.arguments(copy), fault(at: count + step))
            if try copy.log().contains(where: \.failed) { count += step } else { step /= 2 }
        }
        return (0..<count).map {
            OperationRecord(number: $0 + 1, kind: .open, path: "", other: "", offset: 0, bytes: [], failed: false)
        }
    }

    /// Lets each of the calls of a command fail.
    func sweep(_ scenario: Scenario) async throws {
        let prepared = try await scenario.prepared()
        var random = Sweep.generator("\(name), \(scenario.name)")
        var tally = Tally()
        let calls = try await count(prepared)
        let numbered = calls.enumerated().map { (number: $0.offset + 1, record: $0.element) }
        let chosen = prepared.points(in: calls, sampling: 3, using: &random).map(\.number)
        for (number, record) in numbered where chosen.contains(record.number) {
            try await run(prepared, number, "\(name) at \(number) (\(record.kind) \(record.path))", &tally)
        }
        try tally.record(family: family, "\(name): \(scenario.name)", note: "\(calls.count) calls")
    }

    private func run(_ prepared: PreparedScenario, _ number: Int, _ what: String, _ tally: inout Tally) async throws {
        let copy = try prepared.stage.newCase()
        defer { copy.remove() }
        let place = "\(prepared.scenario.name), \(what)"
        let outcome = try await copy.run(prepared.scenario.arguments(copy), fault(at: number))
        #expect([0, 6].contains(outcome.status), "\(place): status \(outcome.status), \(outcome.errors)")
        if outcome.status != 0 {
            let lines = outcome.errors.split(separator: "\n")
            #expect(lines.count == 1 && lines.first?.hasPrefix("error: ") == true, "\(place): \(outcome.errors)")
            // The file and why.
            #expect(outcome.errors.contains(copy.folder), "\(place): \(outcome.errors)")
        }
        let log = try copy.log()
        if OperationRecord.Kind.syncs.isSuperset(of: kinds) { try await forget(prepared, log, outcome, place, &tally) }
        guard let (isNew, found) = await prepared.judge(copy, what, &tally) else { return }
        #expect(outcome.status != 0 || isNew, "\(place): status 0, and the work is not done")
        #expect(
            !outcome.errors.contains("nothing was changed") || !isNew || prepared.before == prepared.after,
            "\(place): \(outcome.errors)")
        #expect(found.temporaries.isEmpty, "\(place): \(found.temporaries)")
        try checkOutput(of: copy, place)
        try await prepared.finish(copy, what, wasNew: isNew)
    }

    /// Judges also what is on the disk if the kernel forgets what it could not write.
    private func forget(
        _ prepared: PreparedScenario, _ log: [OperationRecord], _ outcome: DeltaicProcess.Outcome, _ place: String,
        _ tally: inout Tally
    ) async throws {
        let disk = try SimulatedDisk(template: prepared.stage.template, log: log)
        try await prepared.judge(
            disk.tree(disk.endWithoutRest), "\(place), then a power cut", mustBeNew: outcome.status == 0,
            finishing: false, &tally)
    }

    /// Files that a pull has given their names are whole; the others are not there at all.
    private func checkOutput(of copy: FaultCase, _ place: String) throws {
        for (path, digest) in try FolderContents.digests(of: copy.output) {
            #expect(
                try FolderContents.digests(of: copy.model("tuned"))[path] == digest, "\(place): \(path) in the output")
        }
    }
}
