internal import DeltaicCore

/// How values become codes.
enum Rounding: String, CaseIterable {
    /// By GPTQ where there are second moments of the layer's inputs, else each value on its own.
    case auto
    /// Each value on its own.
    case plain
    /// By GPTQ: tensors without second moments are refused.
    case gptq

    /// The second moments that rounding a tensor goes by; nil for plain rounding.
    ///
    /// - Throws: `.badSettings` if they are asked for and not there; `.codecMisuse`, `.notFinite`.
    func moments(of tensor: any DeltaSource) throws(DeltaicError) -> Matrix? {
        guard self != .plain else { return nil }
        let moments = try tensor.momentMatrix()
        if self == .gptq, moments == nil {
            throw DeltaicError(
                .badSettings, "GPTQ needs the second moments of the layer's inputs", at: [tensor.name],
                advice: "give a file of moments that has this tensor, or set rounding to auto or plain")
        }
        return moments
    }
}
