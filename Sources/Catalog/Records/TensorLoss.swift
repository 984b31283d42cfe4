/// The sums behind the quality figures of a tensor that a lossy codec was used for.
public struct TensorLoss: Hashable, Sendable {
    public let codec: String
    /// Elements that the base has too; of these, those that the fine-tune changed; of these, those whose change kept its sign.
    public let elements: Int
    public let changed: Int
    public let sameSign: Int
    /// |D|^2, |D_hat|^2, <D_hat, D>, |W|^2, |W_hat - W|^2.
    public let deltaSquares: Double
    public let reconstructedSquares: Double
    public let product: Double
    public let weightSquares: Double
    public let errorSquares: Double

    public init(
        codec: String, elements: Int, changed: Int, sameSign: Int, deltaSquares: Double, reconstructedSquares: Double,
        product: Double, weightSquares: Double, errorSquares: Double
    ) {
        self.codec = codec
        self.elements = elements
        self.changed = changed
        self.sameSign = sameSign
        self.deltaSquares = deltaSquares
        self.reconstructedSquares = reconstructedSquares
        self.product = product
        self.weightSquares = weightSquares
        self.errorSquares = errorSquares
    }
}
