import TestSupport
import Testing

/// A scenario on its stage, with the states before and after it and the operations of an undisturbed run.
struct PreparedScenario: Sendable {
    let scenario: Scenario
    let stage: Stage
    let before: RegistryState
    let after: RegistryState
    let log: [OperationRecord]

    /// Looks at a case after its fault: the state must be the old or the new one.
    ///
    /// - Returns: which of them it is; nil, with an issue recorded, if it is neither.
    func judge(_ fault: FaultCase, _ what: String, _ tally: inout Tally) async -> (isNew: Bool, Inspection)? {
        do {
            let found = try await fault.inspect()
            tally.strayPacks += found.strayPacks
            if found.state == after || found.state == before {
                // Where a command changes nothing that is compared, both are right.
                let isNew = found.state == after
                tally.count(isNew ? "new state" : "old state")
                return (isNew, found)
            }
            Issue.record("\(scenario.name), \(what): neither old nor new: \(found.state)")
        } catch {
            Issue.record("\(scenario.name), \(what): \(error)")
        }
        tally.count("lost")
        return nil
    }

    /// Runs the command again, undisturbed: the work is done then, and nothing unfinished lies about.
    func finish(_ fault: FaultCase, _ what: String, wasNew: Bool) async throws {
        if wasNew, !scenario.isRepeatable { return }
        let outcome = try await fault.run(scenario.arguments(fault))
        #expect(outcome.status == 0, "\(scenario.name) again, \(what): \(outcome.errors)")
        guard outcome.status == 0 else { return }
        do {
            let found = try await fault.inspect()
            #expect(found.state == after, "\(scenario.name) again, \(what): \(found.state)")
            #expect(found.temporaries.filter { $0.contains("/") == false }.isEmpty, "\(scenario.name), \(what)")
        } catch {
            Issue.record("\(scenario.name) again, \(what): \(error)")
        }
    }

    /// The operations of which a sweep tries each: whatever orders or names, first and last writes of each file, and some others.
    func points(in log: [OperationRecord], sampling count: Int, using random: inout SeededGenerator)
        -> [OperationRecord]
    {
        if Sweep.isFull { return log }
        var chosen = Set<Int>()
        var last: [String: Int] = [:]
        var rest: [Int] = []
        for (index, record) in log.enumerated() {
            guard record.kind == .write else {
                chosen.insert(index)
                continue
            }
            if last.updateValue(index, forKey: record.path) == nil { chosen.insert(index) } else { rest.append(index) }
        }
        chosen.formUnion(last.values)
        chosen.formUnion(rest.shuffled(using: &random).prefix(count))
        return chosen.sorted().map { log[$0] }
    }
}

/// How thorough the sweeps are.
enum Sweep {
    /// Whether every operation is tried instead of a sample: `DELTAIC_FAULTS=full`.
    static let isFull = environment("DELTAIC_FAULTS") == "full"

    /// A generator whose seed is printed; `DELTAIC_FAULT_SEED` sets it.
    static func generator(_ what: String) -> SeededGenerator {
        let seed = environment("DELTAIC_FAULT_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max))
        print("\(what): seed \(seed)")
        return SeededGenerator(seed: seed)
    }
}

/// How many cases ended how.
struct Tally: Sendable {
    private(set) var outcomes: [String: Int] = [:]
    var strayPacks = 0

    var tried: Int { outcomes.values.reduce(0, +) }

    mutating func count(_ outcome: String) { outcomes[outcome, default: 0] += 1 }

    /// Notes the cases for the table, and says how many there were.
    func record(family: Int, _ what: String, note: String? = nil) throws {
        print("\(what): \(tried) cases, \(outcomes.sorted { $0.key < $1.key }), \(strayPacks) stray packs")
        try Evidence.record(family: family, what, tried: tried, outcomes: outcomes, note: note)
    }
}
