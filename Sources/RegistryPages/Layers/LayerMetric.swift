internal import DeltaicCore

/// What is shown of tensors: how much they changed, what they cost, how far off they are.
enum LayerMetric: CaseIterable {
    case change, stored, density, error

    /// What the colours of a picture tell.
    var title: String {
        switch self {
        case .change: "Relative change, |new - old| / |old|"
        case .stored: "Bytes stored"
        case .density: "Bits stored for each weight"
        case .error: "Relative error of what is stored, |stored - fine-tuned| / |fine-tuned|"
        }
    }

    /// The figure for some tensors together; nil if it is not known, or makes no sense for them.
    func value(of tensors: [LayerTensor]) -> Double? {
        switch self {
        case .change:
            if tensors.allSatisfy({ $0.isChanged == false }) { return tensors.isEmpty ? nil : 0 }
            // Of some of them alone it would not be true of the whole.
            let known = tensors.compactMap(\.change)
            return known.count == tensors.count ? Self.ratio(known) : nil
        case .stored: return Double(tensors.reduce(0) { $0 + $1.storedBytes })
        case .density:
            let elements = tensors.reduce(0) { $0 + $1.elements }
            return elements > 0 ? 8 * Double(tensors.reduce(0) { $0 + $1.storedBytes }) / Double(elements) : nil
        case .error:
            let known = tensors.compactMap(\.error)
            return known.isEmpty ? nil : Self.ratio(known)
        }
    }

    private static func ratio(_ sums: [(squares: Double, of: Double)]) -> Double? {
        let whole = sums.reduce(0) { $0 + $1.of }
        guard whole > 0 else { return nil }
        let value = (sums.reduce(0) { $0 + $1.squares } / whole).squareRoot()
        return value.isFinite ? value : nil
    }

    /// The figure in a few characters.
    func text(_ value: Double) -> String {
        switch self {
        case .change, .error: value == 0 ? "0" : Self.percent(value)
        case .stored: ByteFormat.text(Int(value))
        case .density: NumberFormat.fixed(value, value < 1 ? 2 : 1)
        }
    }

    private static func percent(_ value: Double) -> String {
        let percent = 100 * value
        if percent >= 9.95 { return NumberFormat.fixed(percent, 0) + " %" }
        if percent >= 0.095 { return NumberFormat.fixed(percent, percent < 0.995 ? 2 : 1) + " %" }
        return NumberFormat.significant(percent, 1) + " %"
    }
}
