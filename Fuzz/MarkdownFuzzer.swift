internal import TestSupport

@testable internal import RegistryPages

/// Renders a model card, and reads what was written: it has to have markup of ours only, whatever the card is.
enum MarkdownFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        let card = CardText(String(decoding: bytes, as: UTF8.self))
        guard let markup = CardRenderer(file: { "/f/" + $0 }).render(card.body) else { return }
        let problem = CardMarkup.problem(in: markup.text, files: "/f/")
        try FuzzParser.require(problem == nil, "a card has \(problem ?? "")")
    }
}
