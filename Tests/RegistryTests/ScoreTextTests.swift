import DeltaicCore
import Testing

@testable import Registry

/// Which number of a command's output is its score.
@Suite("score texts") struct ScoreTextTests {
    @Test(
        "the last number counts, wherever it stands",
        arguments: [
            ("epoch 3\naccuracy: 0.9312.", 0.9312), ("epoch 3\nFinal accuracy: 93.4!", 93.4), ("3\nacc=93.4%\n", 93.4),
            ("epoch 3 \u{1b}[1m\u{1b}[32m0.95\u{1b}[0m\n", 0.95), ("\u{1b}]0;title 7\u{7}0.5", 0.5),
            ("\u{1b}]0;title 7\u{1b}\\0.5", 0.5), ("{\"epoch\": 3, \"f1\": 0.91}", 0.91), ("[0.9, 0.95]", 0.95),
            ("loss=-1.5e-3;", -0.0015), ("(+2)", 2), (".5", 0.5), ("1E2", 100), ("acc.....0.93", 0.93),
            ("ndcg@10:0.93", 0.93), ("score \u{2212}3", -3), ("x: 7.", 7), ("\"0.25\",", 0.25),
            ("epoch:3,score:0.8", 0.8),
            ("- 4", 4), ("0.9|", 0.9), ("step 1 ~0.75 \u{2714}", 0.75), ("1/2\n0.5", 0.5), ("1,234\t5", 5),
        ])
    func lastNumber(_ text: String, _ score: Double) throws {
        #expect(try ScoreText(text).score() == score)
    }

    @Test(
        "digits of a word are no number",
        arguments: [
            "v2", "top5", "f1", "model_3", "F0.5", "3D", "10k", "12ms", "top-5", "(5-fold)", "recall@10", "mAP@0.5",
            "/tmp/run/3", "all-MiniLM-L6-v2", "v2-384", "0x1F", "3f2a9c", "weights.3", "\u{e9}4",
        ])
    func words(_ word: String) throws {
        #expect(try ScoreText("0.93 \(word)").score() == 0.93)
        let error = #expect(throws: DeltaicError.self) { try ScoreText(word).score() }
        #expect(error?.message.contains("no number") == true)
    }

    @Test(
        "what can be read in two ways is refused with its text",
        arguments: [
            ("1,234.5", "1,234.5"), ("acc: 0,95", "0,95"), ("1,234,567.", "1,234,567"), ("95.2/100", "95.2/100"),
            ("95.2 / 100", "95.2 / 100"), ("0.93 \u{b1} 0.02", "\u{b1} 0.02"), ("0.93 (+/- 0.02)", "+/- 0.02"),
            ("2026-11-23", "2026-11-23"), ("at 12:30:05", "12:30:05"), ("1.2.3", "1.2.3"), ("1_000", "1_000"),
            ("1'000", "1'000"),
        ])
    func ambiguous(_ text: String, _ shown: String) throws {
        // An earlier number does not step in.
        let error = try #require(throws: DeltaicError.self) { try ScoreText("epoch 3\n\(text)").score() }
        #expect(error.code == .evaluationFailed && error.found == "\"\(shown)\"", "\(error)")
        #expect(error.advice?.contains("commas") == true)
    }

    @Test("a score that is not finite is refused", arguments: ["nan", "-inf", "NaN", "Infinity", "1e999"])
    func notFinite(_ text: String) throws {
        let error = try #require(throws: DeltaicError.self) { try ScoreText("epoch 3, loss \(text).").score() }
        #expect(error.message.contains("finite") && error.found == "\"\(text)\"", "\(error)")
    }

    @Test(
        "no text is a trap",
        arguments: ["", ".", "-", "+", "1e", "1.", "1e+", "\u{1b}", "\u{1b}[", "\u{1b}]", "e5", "..5", "-."])
    func edges(_ text: String) {
        _ = try? ScoreText(text).score()
    }
}
