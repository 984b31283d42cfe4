/// The two parts of a model card: its front matter, and what people read.
struct CardText {
    /// Without the lines around it; nil if there is none.
    let frontMatter: String?
    let body: String

    init(_ text: String) {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else {
            frontMatter = nil
            body = lines.joined(separator: "\n")
            return
        }
        frontMatter = lines[1..<end].joined(separator: "\n")
        body = lines[(end + 1)...].joined(separator: "\n")
    }
}
