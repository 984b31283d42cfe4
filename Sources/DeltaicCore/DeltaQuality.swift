/// How near a reconstructed delta is to the true one: sums, from which the figures that people see follow.
public struct DeltaQuality: Sendable, Codable, Equatable {
    /// Elements that tensor and base share, and those of them that the fine-tune changed.
    public var count = 0
    public var changed = 0
    /// Of the changed elements, those whose reconstructed change has the same sign.
    public var sameSign = 0
    /// |D|^2, |D_hat|^2, <D_hat, D>, |W|^2 and |W_hat - W|^2; D_hat is what is left after rounding.
    public var deltaSquares = 0.0
    public var reconstructedSquares = 0.0
    public var product = 0.0
    public var weightSquares = 0.0
    public var errorSquares = 0.0

    public init() {}

    /// <D_hat, D> / <D, D>: 1 if the true delta is kept in full, on the average; nil without a delta.
    public var projection: Double? { deltaSquares > 0 ? product / deltaSquares : nil }

    /// |W_hat - W| / |W|; nil if all weights are zero.
    public var relativeError: Double? { weightSquares > 0 ? (errorSquares / weightSquares).squareRoot() : nil }

    /// |D| / |W|; nil if all weights are zero.
    public var relativeDelta: Double? { weightSquares > 0 ? (deltaSquares / weightSquares).squareRoot() : nil }

    /// The cosine between D_hat and D; nil if either is zero.
    public var cosine: Double? {
        let squares = deltaSquares * reconstructedSquares
        return squares > 0 ? product / squares.squareRoot() : nil
    }

    /// Of the elements that the fine-tune changed, the share whose change kept its sign; nil if it changed none.
    public var signAgreement: Double? { changed > 0 ? Double(sameSign) / Double(changed) : nil }

    public mutating func add(_ other: DeltaQuality) {
        count += other.count
        changed += other.changed
        sameSign += other.sameSign
        deltaSquares += other.deltaSquares
        reconstructedSquares += other.reconstructedSquares
        product += other.product
        weightSquares += other.weightSquares
        errorSquares += other.errorSquares
    }
}
