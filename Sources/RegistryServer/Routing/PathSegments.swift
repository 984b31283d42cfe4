internal import Foundation

/// The parts of a request's path, decoded one by one: `%2F` is a slash in a part, and `+` a plus.
struct PathSegments: Sendable {
    /// As they were sent.
    let raw: [Substring]
    let decoded: [String]

    /// Nil if a part has a broken escape or is no UTF-8.
    init?(path: String) {
        raw = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true).map(Substring.init)
        var decoded: [String] = []
        for part in raw {
            guard let text = part.removingPercentEncoding, !text.utf8.contains(0) else { return nil }
            decoded.append(text)
        }
        self.decoded = decoded
    }

    var count: Int { raw.count }

    /// A part of a path, with every character escaped that means something else there.
    static func encode(_ part: String) -> String {
        part.addingPercentEncoding(withAllowedCharacters: unreserved) ?? part
    }

    /// A path of several parts, the slashes between them kept.
    static func encodePath(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { encode(String($0)) }.joined(separator: "/")
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
