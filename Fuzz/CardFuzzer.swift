@testable internal import Registry

/// Reads the front matter of a model card.
enum CardFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        let card = ModelCard(text: String(decoding: bytes, as: UTF8.self))
        try FuzzParser.require(card.baseModels.count <= 16, "a card names too many bases")
        if let task = card.task {
            try FuzzParser.require(!task.isEmpty && task.utf8.count <= 96, "a card's task is no name")
        }
        // With the marks around it, more inputs are front matter.
        _ = ModelCard(text: "---\n" + String(decoding: bytes, as: UTF8.self) + "\n---\n")
    }
}
