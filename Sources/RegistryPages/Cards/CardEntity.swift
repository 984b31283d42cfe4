/// What an entity of HTML stands for.
enum CardEntity {
    private static let named: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{a0}", "copy": "\u{a9}",
        "reg": "\u{ae}",
        "trade": "\u{2122}", "hellip": "\u{2026}", "mdash": "\u{2014}", "ndash": "\u{2013}", "times": "\u{d7}",
        "le": "\u{2264}", "ge": "\u{2265}", "ne": "\u{2260}", "rarr": "\u{2192}", "larr": "\u{2190}", "deg": "\u{b0}",
        "plusmn": "\u{b1}", "middot": "\u{b7}", "bull": "\u{2022}", "ldquo": "\u{201c}", "rdquo": "\u{201d}",
        "lsquo": "\u{2018}", "rsquo": "\u{2019}", "colon": ":", "sol": "/", "Tab": "\t", "NewLine": "\n",
    ]

    /// - Parameter entity: with its `&` and `;`.
    /// - Returns: the entity as it is written, if it is none that is known here.
    static func text(_ entity: String) -> String {
        let body = entity.dropFirst().dropLast()
        guard body.first == "#" else { return named[String(body)] ?? entity }
        let digits = body.dropFirst()
        let isHex = digits.first == "x" || digits.first == "X"
        let number = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        guard let number, number != 0, let scalar = Unicode.Scalar(number) else { return "\u{fffd}" }
        return String(Character(scalar))
    }
}
