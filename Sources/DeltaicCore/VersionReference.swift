/// What a user writes to name a version: `NAME`, `NAME@v2`, `NAME@<commit id>`, `NAME:tag`.
public struct VersionReference: Hashable, Sendable, CustomStringConvertible {
    /// Which version of the model is meant.
    public enum Selector: Hashable, Sendable {
        /// The newest.
        case latest
        /// By number: `@v2` or `@2`.
        case number(Int)
        /// By its Git commit id, whole or its first 7 or more digits: `@1f0c9ab`.
        case commit(String)
        /// By a tag: `:prod`.
        case tag(String)
        /// As Hub clients do: the name of a branch, of a tag, or `v2`, whichever there is first.
        case revision(String)
    }

    public let model: ModelName
    public let selector: Selector

    /// - Throws: `.invalidName` if the name, the tag or the version does not follow its rule.
    public init(_ text: String) throws(DeltaicError) {
        if let mark = text.lastIndex(where: { $0 == "@" || $0 == ":" }) {
            model = try ModelName(String(text[..<mark]))
            let rest = String(text[text.index(after: mark)...])
            selector = text[mark] == "@" ? try Self.version(rest) : try Self.tag(rest)
        } else {
            model = try ModelName(text)
            selector = .latest
        }
    }

    public init(model: ModelName, selector: Selector) {
        self.model = model
        self.selector = selector
    }

    private static func version(_ text: String) throws(DeltaicError) -> Selector {
        let digits = text.hasPrefix("v") ? text.dropFirst() : text[...]
        let isNumber = digits.utf8.allSatisfy { (48...57).contains($0) } && (digits.count < 7 || text.hasPrefix("v"))
        if isNumber, let number = Int(digits), number > 0 { return .number(number) }
        let isHex = text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard (7...40).contains(text.utf8.count), isHex else {
            throw DeltaicError(
                .invalidName, "\"@\(text)\" names no version",
                expected: "@v1, @v2, ... or 7 to 40 digits of a commit id")
        }
        return .commit(text)
    }

    private static func tag(_ text: String) throws(DeltaicError) -> Selector {
        try ModelName.check(text, kind: "tag", limit: 128)
        return text == "latest" || text == "main" ? .latest : .tag(text)
    }

    public var description: String {
        switch selector {
        case .latest: "\(model)"
        case .number(let number): "\(model)@v\(number)"
        case .commit(let id): "\(model)@\(id)"
        case .tag(let name), .revision(let name): "\(model):\(name)"
        }
    }
}
