internal import Foundation

/// The parameters of a query, or of a form that was sent as a body; `+` is a space in both.
struct QueryParameters: Sendable {
    let pairs: [(name: String, value: String)]

    init(_ text: some StringProtocol) {
        pairs = text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decode(parts[0]), parts.count > 1 ? Self.decode(parts[1]) : "")
        }
    }

    func values(_ name: String) -> [String] {
        // Some clients mark lists with brackets.
        pairs.filter { $0.name == name || $0.name == name + "[]" }.map(\.value)
    }

    private static func decode(_ text: some StringProtocol) -> String {
        let spaced = String(text.map { $0 == "+" ? " " : $0 })
        return spaced.removingPercentEncoding ?? spaced
    }

    /// Writes one parameter.
    static func encode(_ name: String, _ value: String) -> String {
        "\(PathSegments.encode(name))=\(PathSegments.encode(value))"
    }
}
