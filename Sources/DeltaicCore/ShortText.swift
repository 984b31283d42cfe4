internal import Glibc

extension BinaryFloatingPoint {
    /// Four significant digits, for messages: `0.1445`, `0.0025`, `2`, `1e+20`.
    ///
    /// - Parameter rule: `.down` for what is the most that is allowed.
    public func shortText(_ rule: FloatingPointRoundingRule = .toNearestOrAwayFromZero) -> String {
        let text = "\(Double(self).rounded(toDigits: 4, rule))"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension Double {
    /// The next number with so many decimal digits; itself where powers of ten end.
    fileprivate func rounded(toDigits digits: Int, _ rule: FloatingPointRoundingRule) -> Double {
        guard isFinite, self != 0 else { return self }
        let places = digits - 1 - Int(log10(magnitude).rounded(.down))
        // Whole powers of ten only: the others are not exact, and the result would not read as a short number.
        let power = pow(10, Double(abs(places)))
        guard power.isFinite else { return self }
        let result = places < 0 ? (self / power).rounded(rule) * power : (self * power).rounded(rule) / power
        return result.isFinite ? result : self
    }
}
