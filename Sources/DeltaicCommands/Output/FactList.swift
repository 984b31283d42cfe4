/// Named facts, one a line, the values aligned.
struct FactList {
    private var facts: [(name: String, value: String)] = []

    /// Adds a fact; one without a value is left out.
    mutating func add(_ name: String, _ value: String?) {
        if let value { facts.append((name, PrintableText.escaped(value))) }
    }

    /// The lines, each indented by two.
    var lines: [String] {
        let width = facts.map(\.name.count).max() ?? 0
        return facts.map { "  " + $0.name + String(repeating: " ", count: width + 2 - $0.name.count) + $0.value }
    }
}
