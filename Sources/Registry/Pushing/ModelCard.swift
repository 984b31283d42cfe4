internal import DeltaicCore
internal import Foundation
internal import Yams

/// What the model card of a model (`README.md`) says in its front matter, as far as the registry uses it.
struct ModelCard: Sendable {
    static let path = "README.md"
    /// A front matter is some lines; what is longer is none.
    static let longest = 64 << 10

    /// The models that this one was made from, as their authors call them.
    let baseModels: [String]
    /// What the model is for; nil if the card does not say, or not in a way that can be a task here.
    let task: String?

    /// - Parameter text: the whole card.
    init(text: String) {
        guard let front = Self.frontMatter(text), !Self.hasAliases(front), let root = try? Yams.compose(yaml: front),
            let fields = root.mapping
        else {
            baseModels = []
            task = nil
            return
        }
        switch fields["base_model"] {
        case .scalar(let name)?: baseModels = [name.string]
        case .sequence(let names)?: baseModels = names.prefix(16).compactMap { $0.scalar?.string }
        default: baseModels = []
        }
        task = (fields["task"] ?? fields["pipeline_tag"])?.scalar.map(\.string).flatMap(Self.task)
    }

    /// The card among files that were just scanned, nil if it is not among them.
    init?(of files: [HashedFile]) throws {
        guard let file = files.first(where: { $0.path == Self.path }) else { return nil }
        let start = try file.head.piece.file.read(0..<min(file.size, Self.longest))
        self.init(text: String(decoding: start, as: UTF8.self))
    }

    private static func frontMatter(_ text: String) -> String? {
        let lines = text.prefix(longest).split(omittingEmptySubsequences: false) { $0.isNewline }
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
        return lines[1..<end].joined(separator: "\n")
    }

    /// Whether there are anchors and aliases: some lines of them stand for more than any memory holds.
    fileprivate static func hasAliases(_ front: String) -> Bool {
        func has(_ sign: Character) -> Bool {
            var before: Character = "\n"
            var isSign = false
            for character in front {
                if isSign, !character.isWhitespace { return true }
                isSign = character == sign && (before.isWhitespace || "[]{},:-?".contains(before))
                before = character
            }
            return false
        }
        return has("&") && has("*")
    }

    private static func task(_ text: String) -> String? {
        (try? ModelName.check(text, kind: "task", limit: 96)) == nil ? nil : text
    }
}

extension ModelRegistry {
    /// What is wrong with the front matter of a model card, for its author; nil if nothing is.
    public func problem(inCard text: String) -> String? { ModelCard.problem(in: text) }
}

extension ModelCard {
    fileprivate static func problem(in text: String) -> String? {
        guard let front = frontMatter(text) else { return nil }
        guard !hasAliases(front) else { return "anchors and aliases are not read in the front matter of a model card" }
        do {
            guard let root = try Yams.compose(yaml: front) else { return nil }
            return root.mapping == nil ? "the front matter of the model card is no list of keys and values" : nil
        } catch {
            return "the front matter of the model card is no YAML: \(error)"
        }
    }
}
