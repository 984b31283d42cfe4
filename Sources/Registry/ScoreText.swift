internal import DeltaicCore

/// Finds the score in what a command printed: the last number, wherever it stands.
///
/// A number has a sign or none, digits, and optionally a fraction and an exponent. Digits that belong to a word, as in `f1`, `top-5`,
/// `recall@10`, `3D` or `run/7`, are none. What can be read in two ways is refused, not guessed at: a wrong score would be kept in silence.
struct ScoreText {
    private let text: [Unicode.Scalar]

    /// Escape sequences of terminals are left out.
    init(_ text: String) {
        self.text = Self.withoutEscapes(text)
    }

    /// - Throws: `.evaluationFailed` with the text that is no clear number; the command is named by the caller.
    func score() throws(DeltaicError) -> Double {
        guard let last = lastNumber() else {
            throw DeltaicError(
                .evaluationFailed, "the command printed no number",
                expected: "the score as the last number on standard output")
        }
        let found = String(String.UnicodeScalarView(text[last.range]))
        guard !last.isAmbiguous else {
            throw DeltaicError(
                .evaluationFailed, "the last number that the command printed can be read in several ways",
                expected: "one number, as 93.4 or 9.34e1", found: "\"\(found)\"",
                advice:
                    "print the score last, on its own, with a point before the fraction, and without commas, slashes or "
                    + "margins")
        }
        guard let value = Double(found.replacing("\u{2212}", with: "-")), value.isFinite else {
            throw DeltaicError(
                .evaluationFailed, "the score is no finite number", expected: "one number, as 93.4",
                found: "\"\(found)\"")
        }
        return value
    }

    // MARK: - Tokens

    /// A number, or several that only a mark keeps apart.
    private struct Number {
        var range: Range<Int>
        var isAmbiguous = false
    }

    /// What was read before a place: names and numbers that touch what follows decide what that is.
    private enum Token {
        case word(end: Int)
        case number(Number)

        var end: Int {
            switch self {
            case .word(let end): end
            case .number(let number): number.range.upperBound
            }
        }
    }

    private func lastNumber() -> Number? {
        var last: Number?
        var previous: Token?
        var place = 0
        while place < text.count {
            guard let token = token(at: place, after: previous) else {
                place += 1
                continue
            }
            if case .number(let number) = token { last = number }
            previous = token
            place = token.end
        }
        return last
    }

    /// The word or number that begins here, nil between them.
    private func token(at place: Int, after previous: Token?) -> Token? {
        let isFraction = text[place] == "." && isDigit(place + 1) && !(place > 0 && text[place - 1] == ".")
        guard isWordPart(place) || isFraction else { return nil }
        var end = endOfNumber(place)
        if let found = end, isWordPart(found) || text(at: found) == "-" && isLetter(found + 1) { end = nil }
        guard let end else {
            let wordEnd = endOfWord(place)
            let word = String(String.UnicodeScalarView(text[place..<wordEnd]))
            if ["nan", "inf", "infinity"].contains(word.lowercased()), !isJoined(place, toWord: previous) {
                return .number(Number(range: signed(place, after: previous)..<wordEnd))
            }
            // Digits with _ between are how some languages write thousands.
            let isThousands =
                word.contains("_")
                && word.unicodeScalars.allSatisfy { Self.isDigit($0) || "_.".unicodeScalars.contains($0) }
            guard isThousands, isDigit(place) else { return .word(end: wordEnd) }
            return .number(Number(range: place..<wordEnd, isAmbiguous: true))
        }
        if isJoined(place, toWord: previous) { return .word(end: end) }
        if case .number(let before)? = previous, isJoined(place, end: end, to: before) {
            return .number(Number(range: before.range.lowerBound..<end, isAmbiguous: true))
        }
        if let margin = startOfMargin(place) { return .number(Number(range: margin..<end, isAmbiguous: true)) }
        return .number(Number(range: signed(place, after: previous)..<end))
    }

    /// Whether what begins here is the rest of a name: `top-5`, `recall@10`, `run/7`.
    private func isJoined(_ place: Int, toWord previous: Token?) -> Bool {
        guard case .word(let end)? = previous, end == place - 1 else { return false }
        return "-@/#.".unicodeScalars.contains(text[end])
    }

    /// Whether only a mark is between two numbers: thousands, a comma before the fraction, a part of a whole, a date, a time.
    private func isJoined(_ place: Int, end: Int, to before: Number) -> Bool {
        let between = text[before.range.upperBound..<place]
        let marks = between.filter { $0 != " " }
        guard let mark = marks.first, marks.count == 1 else { return between.isEmpty }
        switch mark {
        case "/": return true
        case ",", "-", ".", "'", "\u{2019}": return between.count == 1
        case ":": return between.count == 1 && end - place == 2 && isDigit(place) && isDigit(place + 1)
        default: return false
        }
    }

    /// Where the margin of error begins that ends here: `±0.02`, `(+/- 0.02)`.
    private func startOfMargin(_ place: Int) -> Int? {
        var start = place
        while start > 0, text[start - 1] == " " { start -= 1 }
        if start > 0, text[start - 1] == "\u{b1}" { return start - 1 }
        for mark in ["+/-", "+-"] where start >= mark.count {
            if text[start - mark.count..<start].elementsEqual(mark.unicodeScalars) { return start - mark.count }
        }
        return nil
    }

    /// Where a number begins with its sign, if it has one.
    private func signed(_ place: Int, after previous: Token?) -> Int {
        guard place > 0, previous?.end != place - 1, "+-\u{2212}".unicodeScalars.contains(text[place - 1]) else {
            return place
        }
        return place - 1
    }

    /// Where digits with fraction and exponent end; nil if there are none.
    private func endOfNumber(_ place: Int) -> Int? {
        var end = place
        while isDigit(end) { end += 1 }
        if text(at: end) == ".", isDigit(end + 1) {
            end += 1
            while isDigit(end) { end += 1 }
        }
        guard end > place else { return nil }
        if text(at: end) == "e" || text(at: end) == "E" {
            let digits = text(at: end + 1) == "-" || text(at: end + 1) == "+" ? end + 2 : end + 1
            if isDigit(digits) {
                end = digits
                while isDigit(end) { end += 1 }
            }
        }
        return end
    }

    /// Where letters, digits and _ end, with points inside: `v2.5`, `model.bin`.
    private func endOfWord(_ place: Int) -> Int {
        var end = place
        while isWordPart(end) || text(at: end) == "." && end > place && isWordPart(end + 1) { end += 1 }
        return max(end, place + 1)
    }

    private func text(at place: Int) -> Unicode.Scalar? { text.indices.contains(place) ? text[place] : nil }

    private func isDigit(_ place: Int) -> Bool { text(at: place).map(Self.isDigit) ?? false }

    private func isLetter(_ place: Int) -> Bool { text(at: place)?.properties.isAlphabetic ?? false }

    private func isWordPart(_ place: Int) -> Bool { isDigit(place) || isLetter(place) || text(at: place) == "_" }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    // MARK: - Terminals

    /// Without control sequences (colours), commands to the terminal (titles), and other escapes of two characters.
    private static func withoutEscapes(_ text: String) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\u{1b}" else {
                result.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "[": while let next = rest.popFirst(), !("@"..."~").contains(next) {}
            case "]", "P", "^", "_":
                while let next = rest.popFirst(), next != "\u{7}" {
                    guard next == "\u{1b}" else { continue }
                    _ = rest.popFirst()
                    break
                }
            case "(", ")", "#", "%": _ = rest.popFirst()
            default: break
            }
        }
        return result
    }
}
