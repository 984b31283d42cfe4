internal import Foundation
internal import Glibc

/// Times as Hub clients read them: with milliseconds, and `Z` at the end.
enum HubDate {
    /// - Parameter seconds: since 1970.
    static func text(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// As HTTP headers have it (RFC 9110, section 5.6.7).
    static func httpText(_ seconds: Int) -> String {
        // The C library's own locale is English, and unlike Foundation's formats it needs no tables of languages.
        var time = time_t(seconds)
        var fields = tm()
        gmtime_r(&time, &fields)
        let text = [CChar](unsafeUninitializedCapacity: 64) { buffer, count in
            count = strftime(buffer.baseAddress, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &fields)
        }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
