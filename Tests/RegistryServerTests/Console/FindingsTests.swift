import DeltaicCore
import Registry
import Synchronization
import TestSupport
import Testing

@testable import RegistryServer

@Suite("What is found out in the background")
struct FindingsTests {
    private struct Failure: Error {}

    private func text(_ state: Findings<Int, String>.State) -> String {
        switch state {
        case .working: "working"
        case .known(let value): value
        case .failed: "failed"
        }
    }

    private func findings(limit: Int = 1000, permits: Permits = Permits(count: 1)) -> Findings<Int, String> {
        Findings(permits: permits, limit: limit) { $0.utf8.count }
    }

    @Test("what is asked for is found out once, and known from then on")
    func once() async throws {
        let findings = findings()
        let count = Mutex(0)
        for _ in 0..<3 {
            let state = try await findings.state(of: 1, patience: .seconds(60)) {
                count.withLock { $0 += 1 }
                return "found"
            }
            #expect(text(state) == "found")
        }
        #expect(count.withLock { $0 } == 1)
        let known = await findings.known(1)
        #expect(known == "found")
        let none = await findings.known(2)
        #expect(none == nil)
    }

    @Test("who asks while it is found out is told so, and a failure is told without being tried again at once")
    func failure() async throws {
        let findings = findings()
        let (gates, opener) = AsyncStream.makeStream(of: Void.self)
        let count = Mutex(0)
        let find: @Sendable () async throws -> String = {
            count.withLock { $0 += 1 }
            for await _ in gates { break }
            throw Failure()
        }
        #expect(text(try await findings.state(of: 1, patience: .zero, find)) == "working")
        #expect(await findings.pending == [1])
        opener.yield()
        #expect(text(try await findings.state(of: 1, patience: .seconds(60), find)) == "failed")
        #expect(text(try await findings.state(of: 1, patience: .seconds(60), find)) == "failed")
        #expect(count.withLock { $0 } == 1)
        #expect(await findings.pending.isEmpty)
    }

    @Test("no more than so many wait for their turn; the next is refused, and those that wait are not")
    func queue() async throws {
        let permits = Permits(count: 1)
        let findings = findings(permits: permits)
        var permit: Permit? = await permits.take()
        for key in 0..<32 {
            #expect(text(try await findings.state(of: key, patience: .zero) { "found \(key)" }) == "working")
        }
        await #expect(throws: ServerError.self) { try await findings.state(of: 99, patience: .zero) { "found" } }
        #expect(text(try await findings.state(of: 3, patience: .zero) { "found 3" }) == "working")
        _ = permit
        permit = nil
        #expect(text(try await findings.state(of: 31, patience: .seconds(60)) { "found 31" }) == "found 31")
        #expect(text(try await findings.state(of: 99, patience: .seconds(60)) { "found" }) == "found")
    }

    @Test("what is kept is bounded: the least recently used goes, and is found out again")
    func bounded() async throws {
        let findings = findings(limit: 10)
        for key in 0..<3 { _ = try await findings.state(of: key, patience: .seconds(60)) { "12345" } }
        #expect(await findings.known(0) == nil)
        #expect(await findings.known(2) == "12345")
        #expect(
            text(try await findings.state(of: 7, patience: .seconds(60)) { "much longer than the limit" }).hasPrefix(
                "much"))
    }
}
