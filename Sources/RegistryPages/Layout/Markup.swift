/// HTML or SVG: literal parts are markup, texts that are put into it are escaped.
///
///     let row: Markup = "<td>\(name)</td>"       // name is a String: it cannot break out of its place
///
/// Escaped are the five characters that mean something in text and in quoted attributes, byte by byte: one that is followed by a
/// combining character too. Characters that no document may have, and those that turn the direction of what surrounds them, are
/// replaced.
public struct Markup: Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    public private(set) var text: String

    public init(stringLiteral literal: StaticString) {
        text = literal.description
    }

    public init(stringInterpolation interpolation: Interpolation) {
        text = interpolation.text
    }

    /// Text that is markup already: made by this module, never taken from outside.
    init(trusted text: String) {
        self.text = text
    }

    /// Pieces one after the other.
    init(_ parts: some Sequence<Markup>, separator: String = "\n") {
        text = parts.lazy.map(\.text).joined(separator: separator)
    }

    static let none = Markup(trusted: "")

    var isEmpty: Bool { text.isEmpty }
    public var description: String { text }

    static func += (left: inout Markup, right: Markup) { left.text += right.text }

    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        // The compiler passes parts of literals only.
        public mutating func appendLiteral(_ literal: StaticString) { text += literal.description }
        public mutating func appendInterpolation(_ text: String) { self.text += Markup.escaped(text) }
        public mutating func appendInterpolation(_ text: Substring) { self.text += Markup.escaped(String(text)) }
        public mutating func appendInterpolation(_ number: Int) { text += String(number) }
        public mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
        public mutating func appendInterpolation(_ markup: Markup?) { text += markup?.text ?? "" }
        public mutating func appendInterpolation(_ parts: [Markup]) {
            for part in parts {
                text += part.text
                text += "\n"
            }
        }

        /// A coordinate: two digits after the point are finer than any screen.
        public mutating func appendInterpolation(_ coordinate: Double) { text += Markup.number(coordinate) }
    }

    private static func number(_ value: Double) -> String {
        let hundredths = (value * 100).rounded()
        guard hundredths.isFinite, abs(hundredths) < 1e15 else { return "0" }
        let whole = Int(hundredths)
        if whole % 100 == 0 { return String(whole / 100) }
        let digits = String(abs(whole) % 100)
        let fraction = digits.count == 1 ? "0" + digits : digits
        return (whole < 0 ? "-" : "") + String(abs(whole) / 100) + "." + fraction
    }

    private static func escaped(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"): false
            default: (0x20..<0x7f).contains(byte) || byte == 0x0a
            }
        }
        if isPlain { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case "\t", "\n", "\r": result.append(scalar)
            default: result.append(isUnwanted(scalar) ? "\u{fffd}" : scalar)
            }
        }
        return String(result)
    }

    private static func isUnwanted(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069, 0xfffe...0xffff: true
        default: false
        }
    }
}
