import DeltaicCore
import Testing

/// Numbers in messages.
@Suite("short texts") struct ShortTextTests {
    @Test(
        "four digits say enough",
        arguments: [
            (0.14449311113402552, "0.1445"), (0.0025000000000000022, "0.0025"), (1 - 0.9, "0.1"), (2, "2"), (0, "0"),
            (-1, "-1"), (0.29, "0.29"), (123_456, "123500"), (1e20, "1e+20"), (1.234567e-7, "1.235e-07"),
            (-99.999, "-100"),
            (.leastNonzeroMagnitude, "5e-324"), (.infinity, "inf"),
            (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
        ] as [(Double, String)])
    func shortText(_ value: Double, _ text: String) {
        #expect(value.shortText() == text)
    }

    @Test("a bound is rounded to its own side")
    func sides() {
        #expect(1.000001.shortText(.up) == "1.001" && 0.33339.shortText(.down) == "0.3333")
        #expect(0.0025000000000000022.shortText(.down) == "0.0025" && Float(0.5).shortText() == "0.5")
    }
}
