import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import RegistryPages

@Suite("Model cards")
struct CardTests {
    @Test(
        "what cards have is shown: headings without gaps, lists, tables, code, links to files and pictures of the version"
    )
    func shows() throws {
        try TestCard.expect([
            ("# One\n### Three", "<h3>One</h3>\n<h4>Three</h4>"),
            ("a *b* **c** ~~d~~ `e`", "<em>b</em> <strong>c</strong> <del>d</del> <code>e</code>"),
            ("- [x] done\n- [ ] not", "<li>\u{2611} done</li>"), ("3. three", "<ol start=\"3\">"),
            ("|a|b|\n|-|-|\n|1|2|", "<th>a</th><th>b</th>"), ("```python\nx < 1\n```", "<code>x &lt; 1\n</code>"),
            ("[text](config.json)", "<a href=\"/files/config.json\" rel=\"nofollow noopener noreferrer\">text</a>"),
            ("[x](./a/b%20c.md#part)", "href=\"/files/a/b c.md\""),
            ("[x](https://e.org/?a=1&b)", "href=\"https://e.org/?a=1&amp;b\""),
            ("https://e.org/x", "<a href=\"https://e.org/x\""), ("<mailto:a@e.org>", "href=\"mailto:a@e.org\""),
            ("![a plot](plots/a.PNG)", "<img src=\"/files/plots/a.PNG\" alt=\"a plot\" loading=\"lazy\">"),
            ("a &amp; b &copy; &#65; &unknown;", "a &amp; b \u{a9} A &amp;unknown;"),
            ("> quoted", "<blockquote><p>quoted</p>"),
            ("a  \nb", "a<br>\nb"), ("![a **b** `c`](x.png)", "alt=\"a b c\""),
        ])
    }

    @Test("addresses of web pages are links without marks, up to what belongs to the sentence")
    func bareAddresses() throws {
        for (text, address) in [
            ("see https://e.org/a.", "https://e.org/a"), ("(https://e.org/a_(b))", "https://e.org/a_(b)"),
            ("*http://e.org/?a=b&c*", "http://e.org/?a=b&amp;c"), ("| https://e.org/x |\n|-|", "https://e.org/x"),
            ("\u{e4} https://e.org/\u{e4}, x", "https://e.org/\u{e4}"), ("https://e.org/a_b_c", "https://e.org/a_b_c"),
            ("https://e.org/src/__init__.py", "https://e.org/src/__init__.py"),
            ("x https://e.org/*a*", "https://e.org/*a"),
        ] {
            let html = try TestCard.html(text)
            #expect(
                html.contains("<a href=\"\(address)\" rel=\"nofollow noopener noreferrer\">\(address)</a>"), "\(html)")
        }
        #expect(try TestCard.html("www.e.org!").contains("<a href=\"http://www.e.org\""))
        for text in [
            "xhttps://e.org", "https://", "www.", "`https://e.org`", "https://...", "ftp://e.org", "a@e.org", ":x@y",
        ] {
            #expect(try !TestCard.html(text).contains("<a "), "\(text)")
        }
        // Of a link, its own address counts.
        #expect(try TestCard.html("[https://a.org](https://e.org)").components(separatedBy: "<a ").count == 2)
        #expect(try TestCard.html("www.e.org:8080/x").contains("<a href=\"http://www.e.org:8080/x\""))
    }

    @Test("items of lists are paragraphs where there is space between them")
    func lists() throws {
        #expect(try TestCard.html("- a\n- b") == "<ul><li>a</li>\n<li>b</li>\n</ul>\n")
        #expect(try TestCard.html("- a\n\n- b") == "<ul><li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n")
        #expect(try TestCard.html("- a\n  1. b\n") == "<ul><li>a\n<ol start=\"1\"><li>b</li>\n</ol>\n</li>\n</ul>\n")
        #expect(
            try TestCard.html("- Accuracy: 5\n  <!-- note -->\n  7 points")
                == "<ul><li>Accuracy: 5\n7 points</li>\n</ul>\n")
        let deep = (0..<30).map { String(repeating: "  ", count: $0) + "- a\n" }.joined()
        #expect(try !TestCard.html(deep + String(repeating: "  ", count: 29) + "- b\n").contains("ab"))
    }

    @Test("items of task lists have a box, checked or not, wherever the list is")
    func tasks() throws {
        try TestCard.expect([
            ("- [X] a\n\n- [ ] b", "<li><p>\u{2611} a</p>\n</li>\n<li><p>\u{2610} b</p>"),
            ("> - [x] a", "<li>\u{2611} a</li>"),
            ("1. - [ ] a", "<li>\u{2610} a</li>"), ("- [ ] the [x](y.md) syntax", "<li>\u{2610} the <a"),
            ("- [x] **a**", "<li>\u{2611} <strong>a</strong></li>"), ("- [ ] a\n  ===", "<h3>\u{2610} a</h3>"),
            ("[x] a", "<p>[x] a</p>"), ("- a [x] b", "<li>a [x] b</li>"), ("- [xx] a", "<li>[xx] a</li>"),
            ("- a\n\n  1: [ ] b", "1: [ ] b"),
        ])
    }

    @Test("tables are as their rows are: short ones have empty cells, and one without rows has a head")
    func rows() throws {
        let html = try TestCard.html("|a|b|\n|-|-|\n|1|\n|`2`|\u{2014}|3|")
        #expect(
            html.contains(
                "<table><thead><tr><th>a</th><th>b</th></tr></thead>\n<tbody>\n<tr><td>1</td><td></td></tr>\n"))
        #expect(html.contains("<tr><td><code>2</code></td><td>\u{2014}</td></tr>\n</tbody>\n</table></div>"))
        #expect(try TestCard.html("|a|\n|-|").contains("<table><thead><tr><th>a</th></tr></thead>\n</table>"))
        // As GitHub Flavored Markdown says: a mark of a column ends code too, and heads are as many as there are columns.
        #expect(try TestCard.html("|a|b|\n|-|-|\n|`x\\|y`|1|").contains("<td><code>x|y</code></td><td>1</td>"))
        #expect(try TestCard.html("|a|b|c|\n|-|-|") == "<p>|a|b|c|\n|-|-|</p>\n")
    }

    @Test("a table right after a line of text is one, as on the Hub; none is made in a block of code")
    func tables() throws {
        #expect(try TestCard.html("Samples:\n| a | b |\n|:--|--:|\n| 1 | 2 |").contains("<th>a</th>"))
        #expect(
            try TestCard.html("* Samples:\n  | a | b |\n  |:--|--:|\n  | 1 | 2 |").contains("<th>a</th>")
        )
        #expect(try !TestCard.html("```\nx\n|a|b|\n|-|-|\n```").contains("<table>"))
    }

    @Test("the front matter is told apart")
    func frontMatter() {
        let card = CardText("---\nlicense: mit\n---\n# Title")
        #expect(card.frontMatter == "license: mit" && card.body == "# Title")
        #expect(CardText("# Title\n---\n").frontMatter == nil)
        #expect(CardText("---\nno end").body == "---\nno end")
    }

    /// Texts that would do something if they were taken for what they look like.
    private static let hostile = [
        "<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<iframe src=\"https://e.org\"></iframe>",
        "<svg onload=alert(1)>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\nscript:alert(1))",
        "[x](<java\tscript:alert(1)>)", "[x](\u{1}javascript:alert(1))", "[x](&#106;avascript:alert(1))",
        "[x](javascript&colon;alert(1))", "[x](javascript&#x3a;alert(1))", "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)", "[x](https:/e.org)", "[x](https:e)", "[x](file:///etc/passwd)", "[x](//e.org/x)",
        "[x](../../../etc)", "[x](\\\\e.org\\x)",
        "![x](https://e.org/x.png)", "![x](//e.org/x.png)", "![x](data:image/svg+xml,<svg onload=alert(1)>)",
        "![x](evil.svg)", "![\" onerror=alert(1) x=\"](a.png)", "[a](https://e.org \"\\\" onclick=alert(1)\")",
        "[x](https://e.org/\"onmouseover=alert(1))", "<https://e.org/\"><script>", "`<script>`", "    <script>\n",
        "[![x](a.png)](javascript:alert(1))", "[a](https://e.org/\u{22}\u{301}onclick=alert(1))",
        "<!-- --><script>alert(1)",
        "[x](javascript:\u{301}alert(1))", "[x](https:\u{301}//e.org)", "[x](https://\u{301}e.org)",
        "[x](/\u{301}/e.org)",
        "[x](a/..\u{2f}\u{301}/..)", "\u{301}a *\u{301}b* `\u{301}`", "[x](a.md)\u{301}", "![\u{301}](a.png)",
        "&lt;script&gt;", "&#60;script&#62;", "\u{0}<script>",
    ]

    @Test("what no page of a card may have is found in it")
    func harm() {
        for html in [
            "<script></script>", "<p", "<p>", "</p>", "<em><p></em></p>", "<p onclick=\"x\"></p>", "<a href=\"></a>",
            "<a href=\"javascript:x\"></a>", "<a href=\"//e.org\"></a>", "<a href='https://e.org'></a>",
            "<a href=\"https://e.org\"onclick=\"x\"></a>", "<img src=\"https://e.org/a.png\">",
            "<img src=\"/files/a.svg\">",
            "<p class=\"x\"></p>", "<a href=\"https://e.org\"\u{301}></a>", "<p\u{301}></p>",
        ] {
            #expect(CardMarkup.problem(in: html, files: TestCard.files) != nil, "\(html)")
        }
        #expect(
            CardMarkup.problem(
                in: "<p>a<br>\u{301}<img src=\"/files/a.png\" alt=\"b\"></p>", files: TestCard.files) == nil)
    }

    @Test("nothing in a card does anything, or asks another server for something", arguments: hostile)
    func isHarmless(markdown: String) throws {
        for text in [markdown, "# \(markdown)", "* \(markdown)", "|a|b|\n|-|-|\n|\(markdown)|2|", "> \(markdown)"] {
            TestCard.expectHarmless(try TestCard.html(text), text)
        }
    }

    @Test("random pieces of all of them together are as harmless", arguments: 1...8)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces =
            Self.hostile + [
                "\n", "\n\n", "[", "](", ")", "![", "`", "```\n", "*", "|", "\n|-|-|\n", "> ", "<", ">", "&#", ";",
            ]
        for _ in 0..<200 {
            let text = (0..<Int.random(in: 1..<12, using: &random)).map { _ in
                pieces[Int.random(in: pieces.indices, using: &random)]
            }.joined()
            guard let markup = TestCard.renderer.render(text) else { continue }
            TestCard.expectHarmless(markup.text, text)
        }
    }

    @Test("of HTML the text is shown, and nothing else; tables keep their heads, but for those without words")
    func html() throws {
        try TestCard.expect([
            ("<p align=\"center\">Hello <b>there</b></p>\n", "<p>Hello there</p>"),
            ("<table><tr><td>1</td><td>2</td></tr></table>", "<p>1 2</p>"),
            ("<!-- no --><div>yes</div>", "<p>yes</p>"),
            ("a<br>b<i>c</i>", "a<br>\nbc"),
            ("<style>a{}</style><div>x", "<p>x</p>"),
            ("|  |a|\n|---|---|\n|1|2|", "<tr><td></td><th>a</th></tr>"),
            ("|<b></b>|*a*|\n|-|-|", "<tr><td></td><th><em>a</em></th></tr>"),
        ])
        #expect(try TestCard.html("<script>alert(1)</script>").isEmpty)
        #expect(try TestCard.html("````\n```\na\n|b|c|\n|-|-|\n````\n").contains("|-|-|"))
    }

    @Test("without a place for files, links to them are texts")
    func alone() throws {
        let alone = CardRenderer { _ in nil }
        let html = try #require(alone.render("[a](config.json) ![b](b.png) [c](https://e.org)")).text
        #expect(!html.contains("config.json") && !html.contains("<img") && html.contains("https://e.org"))
    }
}
