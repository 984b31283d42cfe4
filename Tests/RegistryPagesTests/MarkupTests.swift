import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import RegistryPages

@Suite("Markup")
struct MarkupTests {
    @Test("texts are escaped, markup is not, and numbers are short")
    func interpolation() {
        let name = #"<b a='1' b="2">&"#
        let cell: Markup = "<td title=\"\(name)\">\(name)</td>"
        let escaped = "&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;"
        #expect(cell.text == "<td title=\"\(escaped)\">\(escaped)</td>")
        #expect(
            ("<tr>\(cell)\([cell, cell])\(Markup?.none)</tr>" as Markup).text
                == "<tr>\(cell.text)\(cell.text)\n\(cell.text)\n</tr>")
        let numbers: [(Double, String)] = [
            (0, "0"), (1, "1"), (-1, "-1"), (1.5, "1.50"), (0.05, "0.05"), (-0.05, "-0.05"), (1.999, "2"),
            (123_456.789, "123456.79"), (.nan, "0"), (.infinity, "0"), (1e300, "0"),
        ]
        for (number, text) in numbers { #expect(("\(number)" as Markup).text == text) }
        #expect(("\(12)\(name.prefix(2))" as Markup).text == "12&lt;b")
    }

    @Test("a character that means something is escaped although a mark that combines follows it")
    func combining() {
        for mark in ["\u{301}", "\u{20e3}", "\u{fe0f}", "\u{200d}"] {
            for (character, escaped) in [
                ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;"), ("&", "&amp;"),
            ] {
                let text = ("\(character + mark)x" as Markup).text
                #expect(text.unicodeScalars.starts(with: escaped.unicodeScalars), "\(character) \(mark.unicodeScalars)")
            }
        }
    }

    @Test("what no document may have, and what turns the direction of text, is replaced")
    func unwanted() {
        for scalar in ["\u{0}", "\u{8}", "\u{1b}", "\u{7f}", "\u{85}", "\u{202e}", "\u{2066}", "\u{200f}", "\u{ffff}"] {
            #expect(("a\(scalar)b" as Markup).text == "a\u{fffd}b")
        }
        #expect(("a\nb\tc é 漢 😀" as Markup).text == "a\nb\tc é 漢 😀")
    }

    @Test(
        "any text comes back from what it is escaped to, which has no character that means something", arguments: 1...4)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet: [Unicode.Scalar] = [
            "<", ">", "&", "\"", "'", "a", " ", "\u{301}", ";", "#", "=", "/", "é", "\u{1f600}",
        ]
        for _ in 0..<500 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                text.append(alphabet[Int.random(in: alphabet.indices, using: &random)])
            }
            let escaped = ("\(String(text))" as Markup).text
            #expect(!escaped.unicodeScalars.contains { "<>\"'".unicodeScalars.contains($0) }, "seed \(seed)")
            // Scalar by scalar: a mark that combines with what is before it is no part of that.
            let back = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")].reduce(escaped)
            {
                $0.replacingOccurrences(of: $1.0, with: $1.1, options: .literal)
            }
            #expect(Array(back.unicodeScalars) == Array(text), "seed \(seed): \(escaped)")
        }
    }

    @Test("paths of pages have nothing in them that a URL or an attribute could trip over")
    func paths() {
        let hostile = "a b/ü?x=1&y=\"<>#%2f+'\\"
        for path in [
            ConsolePaths.model(hostile), ConsolePaths.version(hostile, hostile), ConsolePaths.pack(hostile),
            ConsolePaths.file(hostile, of: hostile, version: hostile), ConsolePaths.compare(hostile, hostile),
        ] {
            let rest = path.split(separator: "?", maxSplits: 1)
            let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%&=")
            #expect(rest.allSatisfy { $0.allSatisfy(allowed.contains) }, "\(path)")
        }
        #expect(ConsolePaths.version(reference: "acme/sre@v2") == "/console/models/acme/sre/versions/v2")
        #expect(ConsolePaths.compare("a@v1", "b:prod") == "/console/compare?left=a%40v1&right=b%3Aprod")
    }
}
