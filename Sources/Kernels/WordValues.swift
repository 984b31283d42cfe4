/// Sums over the change of a block of words.
public struct WordChange: Sendable {
    /// Words that differ in at least one bit.
    public var changed = 0
    /// The sum of (new - old)^2.
    public var squaredChange = 0.0
    /// The sum of old^2.
    public var squaredValue = 0.0
    /// The changes by their size.
    public var histogram = ChangeHistogram()

    public init() {}

    public mutating func add(_ other: WordChange) {
        changed += other.changed
        squaredChange += other.squaredChange
        squaredValue += other.squaredValue
        histogram.add(other.histogram)
    }
}

/// Reads words as the numbers that they stand for.
public struct WordValues: Sendable {
    private let layout: WordLayout
    private let isSigned: Bool

    /// - Parameter isSigned: whether words that are no floating-point numbers are signed.
    public init(layout: WordLayout, isSigned: Bool) {
        self.layout = layout
        self.isSigned = isSigned
    }

    /// How `count` words changed; both arrays hold at least so many.
    public func change(from old: [UInt8], to new: [UInt8], count: Int) -> WordChange {
        precondition(old.count >= count * layout.width && new.count >= count * layout.width)
        return switch layout.width {
        case 1: change(old, new, count, as: UInt8.self)
        case 2: change(old, new, count, as: UInt16.self)
        case 4: change(old, new, count, as: UInt32.self)
        default: change(old, new, count, as: UInt64.self)
        }
    }

    private func change<Word: TensorWord>(_ old: [UInt8], _ new: [UInt8], _ count: Int, as type: Word.Type)
        -> WordChange
    {
        old.withUnsafeBytes { old in
            new.withUnsafeBytes { new in
                var sum = WordChange()
                guard let old = old.baseAddress, let new = new.baseAddress else { return sum }
                sum.histogram = ChangeHistogram.counting { note in
                    for index in 0..<count {
                        let before: Word = old.word(index)
                        let after: Word = new.word(index)
                        let value = value(before)
                        sum.squaredValue += value * value
                        guard before != after else { continue }
                        sum.changed += 1
                        let difference = self.value(after) - value
                        sum.squaredChange += difference * difference
                        note(difference)
                    }
                }
                return sum
            }
        }
    }

    @inline(__always)
    private func value<Word: TensorWord>(_ word: Word) -> Double {
        guard let mantissaBits = layout.mantissaBits else {
            return isSigned ? Double(Word.signed(word)) : Double(word)
        }
        switch (layout.width, mantissaBits) {
        case (8, _): return Double(bitPattern: UInt64(truncatingIfNeeded: word))
        case (4, _): return Double(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
        case (2, 7): return Double(Float(bitPattern: UInt32(truncatingIfNeeded: word) << 16))
        case (2, _): return Double(Float16(bitPattern: UInt16(truncatingIfNeeded: word)))
        case (_, 2):
            // E5M2 is the upper byte of a half.
            return Double(Float16(bitPattern: UInt16(truncatingIfNeeded: word) << 8))
        default: return Self.e4m3(UInt8(truncatingIfNeeded: word))
        }
    }

    /// E4M3 as machine learning uses it: bias 7, no infinity, NaN only with all exponent and mantissa bits set.
    private static func e4m3(_ byte: UInt8) -> Double {
        let magnitude = byte & 0x7f
        if magnitude == 0x7f { return .nan }
        let exponent = Int(magnitude >> 3)
        let mantissa = Double(magnitude & 7) / 8
        let value =
            exponent == 0
            ? Double(sign: .plus, exponent: -6, significand: mantissa)
            : Double(sign: .plus, exponent: exponent - 7, significand: 1 + mantissa)
        return byte & 0x80 == 0 ? value : -value
    }
}
