internal import Foundation

/// Where links and pictures of a card lead: to web pages, mail or files of the version, and nowhere else.
///
/// Read by code points, as browsers do: a colon before a combining mark is one.
struct CardAddress {
    /// As in the card, without what browsers leave out of it.
    private let text: String

    init(_ text: String) {
        let kept = text.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && $0 != "\t" }
        // Spaces and control characters at its ends are no part of it.
        let isPart = { (scalar: Unicode.Scalar) in scalar.value > 0x20 }
        let start = kept.firstIndex(where: isPart) ?? kept.endIndex
        let end = kept.lastIndex(where: isPart).map { kept.index(after: $0) } ?? start
        self.text = String(String.UnicodeScalarView(kept[start..<end]))
    }

    /// Without its two slashes an address may be one of this server.
    private static let schemes = ["http://", "https://", "mailto:"]
    private static let schemeEnds = Set(":/?#".unicodeScalars)

    /// - Parameter file: where a file of the version is.
    /// - Returns: nil if a link may not lead there.
    func link(_ file: (String) -> String?) -> String? {
        let scalars = text.unicodeScalars
        if let end = scalars.firstIndex(where: Self.schemeEnds.contains), scalars[end] == ":" {
            let start = text.lowercased().unicodeScalars
            return Self.schemes.contains { start.starts(with: $0.unicodeScalars) } ? text : nil
        }
        return path.flatMap(file)
    }

    /// - Returns: nil if it is no picture among the files of the version.
    func picture(_ file: (String) -> String?) -> String? {
        path.flatMap { PictureFile.type(of: $0) == nil ? nil : file($0) }
    }

    /// The path of a file of the version; nil if it cannot be one.
    private var path: String? {
        let scalars = text.unicodeScalars
        guard scalars.first != "/", !scalars.contains(where: { $0 == ":" || $0 == "\\" }) else { return nil }
        guard let decoded = String(scalars.prefix { $0 != "?" && $0 != "#" }).removingPercentEncoding else {
            return nil
        }
        let parts = decoded.unicodeScalars.split(separator: "/").map(String.init).filter { $0 != "." }
        guard !parts.isEmpty, !parts.contains("..") else { return nil }
        return parts.joined(separator: "/")
    }
}
