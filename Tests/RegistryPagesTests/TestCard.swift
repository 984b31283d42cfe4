import TestSupport
import Testing

@testable import RegistryPages

/// Model cards as the tests of them render them: files of the version are below `/files/`.
enum TestCard {
    static let files = "/files/"
    static let renderer = CardRenderer { files + $0 }

    static func html(_ card: String) throws -> String {
        try #require(renderer.render(CardText(card).body)).text
    }

    /// Expects of each card that its page has a part, and nothing that no card may have.
    static func expect(_ cases: [(card: String, part: String)], sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        for (card, part) in cases {
            let html = try html(card)
            #expect(html.contains(part), "\(card): \(html)", sourceLocation: sourceLocation)
            expectHarmless(html, card, sourceLocation: sourceLocation)
        }
    }

    static func expectHarmless(_ html: String, _ card: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let problem = CardMarkup.problem(in: html, files: files)
        #expect(problem == nil, "\(card.debugDescription): \(html)", sourceLocation: sourceLocation)
    }
}
