internal import DeltaicCore
internal import Registry

/// What pictures of layers need to know of a tensor.
struct LayerTensor {
    let name: String
    let elements: Int
    let rawBytes: Int
    /// What is stored for it.
    var storedBytes: Int
    /// Whether it differs from what it is compared with; nil if that was not looked at, or there is none.
    var isChanged: Bool?
    /// |new - old|^2 and |old|^2.
    var change: (squares: Double, of: Double)?
    /// |W_hat - W|^2 and |W|^2, where a lossy codec was used.
    var error: (squares: Double, of: Double)?

    /// - Parameter compared: the tensor as it was compared with another; nil if it was not.
    init(_ tensor: VersionDetails.Tensor, compared: VersionComparison.Tensor?) {
        name = tensor.name
        elements = tensor.shape.elementCount
        rawBytes = tensor.size
        storedBytes = tensor.storedBytes
        error = tensor.quality.map { ($0.errorSquares, $0.weightSquares) }
        if let compared { note(compared) }
    }

    init(_ tensor: VersionComparison.Tensor) {
        name = tensor.name
        elements = tensor.shape.elementCount
        rawBytes = tensor.bytes
        storedBytes = tensor.storedBytes
        note(tensor)
    }

    private mutating func note(_ tensor: VersionComparison.Tensor) {
        switch tensor.kind {
        case .same: isChanged = false
        case .changed: isChanged = true
        case .onlyLeft, .onlyRight, .incomparable: break
        }
        guard let squares = tensor.squaredChange, let of = tensor.squaredValue else { return }
        change = (squares, of)
    }
}
