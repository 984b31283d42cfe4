import Foundation
import Testing

@testable import RegistryPages

@Suite("Limits of model cards")
struct CardLimitsTests {
    /// Texts that would take the parser long or much memory, and say so by what is in them, or by the time that their lines take.
    private static let costly = [
        "a" + String(repeating: "<?", count: 32_000), "a" + String(repeating: "<!A ", count: 16_000),
        String(repeating: "![", count: 16_000) + String(repeating: "[]()", count: 8000),
        "~~a " + String(repeating: "b~ ", count: 20_000), "http://e.org" + String(repeating: ")", count: 60_000),
        "|" + String(repeating: "a|", count: 3000) + "\n|" + String(repeating: "-|", count: 3000),
        "|" + String(repeating: "a|", count: 8000) + "\n|" + String(repeating: "-|", count: 8000)
            + String(repeating: "\n|", count: 5000),
        "> |" + String(repeating: "a|", count: 20) + "\n> |" + String(repeating: "-|", count: 20)
            + String(repeating: "\n> |x|", count: 6000),
        "[a]: " + String(repeating: "b", count: 32_000) + "\n\n" + String(repeating: "[a] ", count: 8000),
        "[a]: b \"\n" + String(repeating: "b\n", count: 16_000) + "\"\n\n" + String(repeating: "[a] ", count: 8000),
        "[a]: " + String(repeating: "b", count: 3000) + "\n\n" + String(repeating: "[a] ", count: 500),
        String(repeating: "a\n", count: 16_000) + String(repeating: "-|-\n:-\n", count: 4000),
        String(repeating: "-|-\n:-\n", count: 9000),
        "[a]: https://e.org/" + String(repeating: "&", count: 980) + "\n\n" + String(repeating: "[a] ", count: 1000),
    ]

    @Test("what would take the parser long is not shown", arguments: costly.indices)
    func costs(index: Int) {
        let text = Self.costly[index]
        #expect(text.utf8.count <= CardRenderer.longest)
        #expect(TestCard.renderer.render(text) == nil)
    }

    @Test("what only looks like it is shown")
    func cheap() throws {
        for text in [
            "```\n" + String(repeating: "|", count: 600) + "\n```\n" + String(repeating: "a\n\n", count: 1000),
            String(repeating: "[a](https://e.org/\(String(repeating: "b", count: 100)))\n", count: 500),
            "|" + String(repeating: "a|", count: 60) + "\n|" + String(repeating: "-|", count: 60)
                + String(repeating: "\n|" + String(repeating: "1|", count: 60), count: 300),
            String(repeating: "~~~\n> x[1]: 2 <!-- -->\n~~~\n", count: 1000),
            String(repeating: "![a](a.png)\n", count: 3000),
        ] {
            #expect(try TestCard.html(text).utf8.count > 1000, "\(text.prefix(40))")
        }
    }

    @Test("cards are parsed at the same time, and each is whole")
    func concurrency() async throws {
        let text = String(
            repeating: "~~a~~ **b** [c](https://e.org) `d`\n\n|a|b|\n|-|-|\n|1|2|\n\n- [x] e\n\n", count: 100)
        let expected = try TestCard.html(text)
        #expect(expected.components(separatedBy: "<del>").count == 101)
        let all = try await withThrowingTaskGroup { group in
            for _ in 0..<16 { group.addTask { try TestCard.html(text) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(all.count == 16 && all.allSatisfy { $0 == expected })
    }

    @Test("a card that would take the parser long, or the page much room, is not shown")
    func limits() {
        #expect(TestCard.renderer.render(String(repeating: "x", count: CardRenderer.longest + 1)) == nil)
        // Containers that are open in every line that follows.
        for mark in ["- ", "> ", ">", "* ", "1. ", "+\t"] {
            #expect(TestCard.renderer.render(String(repeating: mark, count: 200) + "a\n\n\n") == nil, "\(mark)")
            #expect(TestCard.renderer.render(String(repeating: mark, count: 8) + "a\n") != nil, "\(mark)")
        }
        #expect(
            TestCard.renderer.render(
                "----------------------------------------------------------------------\n|---|---|") != nil)
        for part in ["[", "![", "*a ", "`", "<a", "[a](", "&#", "&", "|x", "_*", "\\", "[a]: b\n", "a\n===\n", "- \n"] {
            let text = String(repeating: part, count: CardRenderer.longest / part.utf8.count)
            #expect((TestCard.renderer.render(text)?.text.utf8.count ?? 0) <= 8 << 20, "\(part)")
        }
    }
}
