/// A page in Prometheus' text format 0.0.4, read by its grammar: what it refuses, a scrape would.
struct ExpositionPage {
    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    /// The line that breaks the format.
    struct BadLine: Error {
        let line: String
        let reason: String
    }

    private(set) var samples: [Sample] = []
    private(set) var types: [String: String] = [:]
    private(set) var helps: [String: String] = [:]

    init(_ text: String) throws {
        let scalars = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        guard scalars.last?.isEmpty == true else { throw BadLine(line: "", reason: "no line feed at the end") }
        var seen: Set<String> = []
        for line in scalars.dropLast().map({ String($0) }) {
            func refuse(_ reason: String) -> BadLine { BadLine(line: line, reason: reason) }
            if line.hasPrefix("# ") {
                try readComment(line)
                continue
            }
            let sample = try Self.sample(line)
            let identity = sample.name + "\(sample.labels.sorted { $0.key < $1.key })"
            guard seen.insert(identity).inserted else { throw refuse("a second sample of the same series") }
            guard let family = types.keys.first(where: { Self.belongs(sample.name, to: $0, types[$0]) })
            else { throw refuse("no type") }
            guard lastFamily == family else { throw refuse("not with the other samples of its metric") }
            samples.append(sample)
        }
    }

    private var lastFamily = ""

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private mutating func readComment(_ line: String) throws {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 4, Self.isName(words[2]) else {
            throw BadLine(line: line, reason: "no comment of two words")
        }
        switch words[1] {
        case "HELP":
            guard helps.updateValue(words[3], forKey: words[2]) == nil else {
                throw BadLine(line: line, reason: "a second HELP")
            }
        case "TYPE":
            guard ["counter", "gauge", "histogram"].contains(words[3]),
                types.updateValue(words[3], forKey: words[2]) == nil
            else { throw BadLine(line: line, reason: "a second or unknown TYPE") }
            lastFamily = words[2]
        default: throw BadLine(line: line, reason: "neither HELP nor TYPE")
        }
    }

    private static func belongs(_ name: String, to family: String, _ type: String?) -> Bool {
        type == "histogram" ? ["_bucket", "_sum", "_count"].contains { name == family + $0 } : name == family
    }

    private static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil }

    private static func sample(_ line: String) throws -> Sample {
        func refuse(_ reason: String) -> BadLine { BadLine(line: line, reason: reason) }
        var rest = line.unicodeScalars[...]
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        guard isName(name) else { throw refuse("no name") }
        rest = rest.dropFirst(name.unicodeScalars.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                let key = String(rest.prefix { $0 != "=" })
                guard key.wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil, !key.hasPrefix("__") else {
                    throw refuse("no label")
                }
                rest = rest.dropFirst(key.unicodeScalars.count + 1)
                guard rest.popFirst() == "\"" else { throw refuse("no quote") }
                var value = String.UnicodeScalarView()
                while let scalar = rest.popFirst(), scalar != "\"" {
                    guard scalar == "\\" else {
                        value.append(scalar)
                        continue
                    }
                    switch rest.popFirst() {
                    case "n": value.append("\n")
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    default: throw refuse("an unknown escape")
                    }
                }
                guard labels.updateValue(String(value), forKey: key) == nil else { throw refuse("a label twice") }
            } while rest.first == ","
            guard rest.popFirst() == "}" else { throw refuse("no brace") }
        }
        guard rest.popFirst() == " " else { throw refuse("no space") }
        let number = String(rest)
        let special = ["+Inf": Double.infinity, "-Inf": -.infinity, "NaN": .nan]
        guard let value = special[number] ?? Double(number) else { throw refuse("no number") }
        return Sample(name: name, labels: labels, value: value)
    }
}
