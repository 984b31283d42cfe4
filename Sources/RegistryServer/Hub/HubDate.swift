internal import Foundation

/// Times as Hub clients read them: with milliseconds, and `Z` at the end.
enum HubDate {
    /// - Parameter seconds: since 1970.
    static func text(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// As HTTP headers have it.
    static func httpText(_ seconds: Int) -> String {
        let time = Date(timeIntervalSince1970: Double(seconds))
        let style = Date.VerbatimFormatStyle(
            format: """
                \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
                \(second: .twoDigits) GMT
                """,
            locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        return time.formatted(style)
    }
}
