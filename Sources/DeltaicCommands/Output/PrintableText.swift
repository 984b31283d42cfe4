/// Text from outside made safe for a terminal: control characters are shown as escapes.
enum PrintableText {
    /// - Parameter keepsLines: whether line feeds stay as they are.
    static func escaped(_ text: String, keepsLines: Bool = false) -> String {
        // Nearly all is plain ASCII, which is known without a look at Unicode's tables.
        if text.utf8.allSatisfy({ 0x20..<0x7f ~= $0 }) { return text }
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        return text.unicodeScalars.map { scalar in
            isUnsafe(scalar) && !(keepsLines && scalar == "\n") ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }

    /// The first line of a text.
    static func firstLine(_ text: String) -> String {
        escaped(String(text.prefix { !$0.isNewline }))
    }

    /// Keeps the start and the end of a text that has more than `width` characters, with an ellipsis between.
    static func shortened(_ text: String, to width: Int) -> String {
        guard text.count > width, width > 0 else { return text }
        let tail = (width - 1) / 2
        return text.prefix(width - 1 - tail) + "\u{2026}" + text.suffix(tail)
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Format characters include those that turn the direction of the text around.
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
