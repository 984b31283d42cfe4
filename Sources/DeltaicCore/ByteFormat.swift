internal import Foundation

/// Sizes for people, in decimal units as disk vendors and the Hub use them; JSON has exact bytes.
public enum ByteFormat {
    private static let units = ["kB", "MB", "GB", "TB", "PB"]

    /// `512 B`, `43.3 MB`; a minus sign in front of a negative count.
    public static func text(_ bytes: Int) -> String {
        guard bytes.magnitude >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes.magnitude) / 1000
        var unit = 0
        // What would be printed as 1000.0 belongs to the next unit.
        while value >= 999.95, unit + 1 < units.count {
            value /= 1000
            unit += 1
        }
        return (bytes < 0 ? "-" : "") + String(format: "%.1f ", value) + units[unit]
    }
}
