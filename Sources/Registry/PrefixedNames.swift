internal import DeltaicCore

/// Values by names that may differ from those asked for by their first part, as models are saved with `bert.` or without.
struct PrefixedNames<Value: Sendable>: Sendable {
    private let values: [String: Value]
    private let bySuffix: [String: [Value]]

    init(_ values: [String: Value]) {
        self.values = values
        var bySuffix: [String: [Value]] = [:]
        for (name, value) in values {
            if let suffix = Self.withoutPrefix(name) { bySuffix[suffix, default: []].append(value) }
        }
        self.bySuffix = bySuffix
    }

    /// The value of exactly this name.
    subscript(name: String) -> Value? { values[name] }

    /// Those whose names have a first part more, or one less.
    func renamed(_ name: String) -> [Value] {
        var found = bySuffix[name] ?? []
        if let suffix = Self.withoutPrefix(name), let value = values[suffix] { found.append(value) }
        return found
    }

    /// The value of this name, else the only one whose name differs by its first part.
    func only(_ name: String) -> Value? {
        if let same = values[name] { return same }
        let candidates = renamed(name)
        return candidates.count == 1 ? candidates[0] : nil
    }

    private static func withoutPrefix(_ name: String) -> String? {
        guard let dot = name.firstIndex(of: ".") else { return nil }
        return String(name[name.index(after: dot)...])
    }
}
