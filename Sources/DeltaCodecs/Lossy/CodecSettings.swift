public import DeltaicCore

/// Takes settings out of a dictionary, checks them, and refuses what nobody asked for.
public struct SettingsReader: Sendable {
    private let codec: CodecID
    private let settings: CodecSettings
    private var known: Set<String> = []

    public init(_ settings: CodecSettings, codec: CodecID) {
        self.settings = settings
        self.codec = codec
    }

    /// A number within `range`, or nil if the setting is not given.
    public mutating func number(_ name: String, in range: ClosedRange<Double>) throws(DeltaicError) -> Double? {
        known.insert(name)
        guard let value = settings[name] else { return nil }
        guard case .number(let number) = value, range.contains(number) else {
            throw refused(name, expected: "a number from \(range.lowerBound) to \(range.upperBound)", found: value)
        }
        return number
    }

    /// A whole number within `range`, or nil if the setting is not given.
    public mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(DeltaicError) -> Int? {
        known.insert(name)
        guard let value = settings[name] else { return nil }
        guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
            throw refused(
                name, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)", found: value)
        }
        return whole
    }

    /// One of a few words, or nil if the setting is not given.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, as type: Choice.Type = Choice.self
    ) throws(DeltaicError) -> Choice? where Choice.RawValue == String {
        known.insert(name)
        guard let value = settings[name] else { return nil }
        guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
            throw refused(
                name, expected: Choice.allCases.map(\.rawValue).joined(separator: ", "), found: value)
        }
        return choice
    }

    /// Whether a setting is this word.
    public mutating func isWord(_ word: String, _ name: String) -> Bool {
        known.insert(name)
        return settings[name] == .text(word)
    }

    /// A text, or nil if the setting is not given.
    public mutating func text(_ name: String) throws(DeltaicError) -> String? {
        known.insert(name)
        guard let value = settings[name] else { return nil }
        guard case .text(let text) = value else { throw refused(name, expected: "a text", found: value) }
        return text
    }

    /// True or false, or nil if the setting is not given.
    public mutating func flag(_ name: String) throws(DeltaicError) -> Bool? {
        known.insert(name)
        guard let value = settings[name] else { return nil }
        guard case .flag(let flag) = value else { throw refused(name, expected: "true or false", found: value) }
        return flag
    }

    /// The settings whose names begin with `prefix`, without it: those of another codec.
    public mutating func nested(_ prefix: String) -> CodecSettings {
        let names = settings.keys.filter { $0.hasPrefix(prefix) }
        known.formUnion(names)
        var result: CodecSettings = [:]
        for name in names { result[String(name.dropFirst(prefix.count))] = settings[name] }
        return result
    }

    /// Refuses settings that nobody took.
    public func finish() throws(DeltaicError) {
        guard let stray = settings.keys.filter({ !known.contains($0) }).sorted().first else { return }
        throw DeltaicError(
            .badSettings, "\(codec) has no setting \"\(stray)\"",
            expected: known.isEmpty ? "no settings" : known.sorted().joined(separator: ", "))
    }

    private func refused(_ name: String, expected: String, found: SettingValue) -> DeltaicError {
        let text =
            switch found {
            case .number(let number): "\(number)"
            case .text(let text): "\"\(text)\""
            case .flag(let flag): "\(flag)"
            }
        return DeltaicError(.badSettings, "\(codec): the setting \"\(name)\" is off", expected: expected, found: text)
    }
}
