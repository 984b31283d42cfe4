internal import Foundation

/// Numbers other than sizes, for people.
public enum NumberFormat {
    /// `22,713,216`.
    public static func count(_ value: Int) -> String {
        var groups: [String] = []
        var rest = value.magnitude
        while rest >= 1000 {
            groups.append(String(format: "%03d", Int(rest % 1000)))
            rest /= 1000
        }
        groups.append(String(rest))
        return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }

    /// `1 file`, `3 files`.
    public static func count(_ value: Int, _ noun: String) -> String {
        count(value) + " " + noun + (value == 1 ? "" : "s")
    }

    /// `1 matrix`, `3 matrices`.
    public static func count(_ value: Int, _ one: String, _ many: String) -> String {
        count(value) + " " + (value == 1 ? one : many)
    }

    /// The first of some names, and whether there are more.
    public static func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", ..." : "")
    }

    /// `32.5 %`; `-` if there is no whole.
    ///
    /// Nothing and all are told from nearly nothing and nearly all.
    public static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "-" }
        let percent = 100 * Double(part) / Double(whole)
        if percent > 0, percent < 0.05 { return "<0.1 %" }
        return part < whole && percent >= 99.95 ? ">99.9 %" : String(format: "%.1f %%", percent)
    }

    /// How often `part` goes into `whole`: `3.1x`; `-` if it is nothing.
    public static func ratio(_ whole: Int, to part: Int) -> String {
        part > 0 ? String(format: "%.1fx", Double(whole) / Double(part)) : "-"
    }

    /// `3.1x`.
    public static func ratio(_ value: Double) -> String { String(format: "%.1fx", value) }

    /// With so many digits after the point.
    public static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// So many significant digits: `0.0123`, `1.2e-05`.
    public static func significant(_ value: Double, _ digits: Int = 3) -> String {
        value == 0 ? "0" : String(format: "%.\(digits)g", value)
    }

    /// Seconds since 1970 as ISO 8601 in UTC.
    public static func date(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}
