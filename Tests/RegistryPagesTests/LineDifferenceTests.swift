import TestSupport
import Testing

@testable import RegistryPages

@Suite("Differences of texts")
struct LineDifferenceTests {
    /// The texts that a difference is between, without what it left out.
    private func sides(_ difference: LineDifference) -> (old: [String], new: [String]) {
        var sides = (old: [String](), new: [String]())
        for line in difference.lines {
            switch line {
            case .same(let text):
                sides.old.append(text)
                sides.new.append(text)
            case .taken(let text): sides.old.append(text)
            case .added(let text): sides.new.append(text)
            case .gap, .onlyForms: break
            }
        }
        return sides
    }

    @Test("any two texts come back from their difference", arguments: 1...6)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            func text() -> [String] {
                (0..<Int.random(in: 1..<5, using: &random)).map { _ in "\(Int.random(in: 0..<4, using: &random))" }
            }
            let (old, new) = (text(), text())
            let difference = try #require(
                LineDifference(from: old.joined(separator: "\n"), to: new.joined(separator: "\n")))
            // So short that nothing is far from a change, unless there is none.
            guard old != new else {
                #expect(difference.lines == [.onlyForms])
                continue
            }
            let found = sides(difference)
            #expect(found.old == old && found.new == new, "seed \(seed): \(old) \(new)")
        }
    }

    @Test("what is far from a change is left out, and counted")
    func gaps() throws {
        let old = (1...100).map(String.init)
        var new = old
        new[49] = "x"
        let difference = try #require(
            LineDifference(from: old.joined(separator: "\n"), to: new.joined(separator: "\n")))
        #expect(
            difference.lines == [
                .gap(46), .same("47"), .same("48"), .same("49"), .taken("50"), .added("x"), .same("51"), .same("52"),
                .same("53"), .gap(47),
            ])
    }

    @Test("texts of too many lines are not compared")
    func limit() {
        #expect(LineDifference(from: "", to: String(repeating: "\n", count: 5001)) == nil)
        func lines(_ word: String) -> String { (0..<700).map { "\(word) \($0)" }.joined(separator: "\n") }
        #expect(LineDifference(from: lines("a"), to: lines("b")) == nil)
        #expect(LineDifference(from: "a\r\nb", to: "a\nb")?.lines == [.onlyForms])
    }
}
