internal import Catalog
internal import DeltaicCore

/// Finds the base tensor that a tensor is stored as a difference from.
struct PartnerSelection: Sendable {
    private let tensors: PrefixedNames<TensorRecord>

    init(baseTensors: [String: TensorRecord]) {
        tensors = PrefixedNames(baseTensors)
    }

    /// The base tensor of the same name, else the only one whose name differs by a prefix; nil unless dtype and rows agree.
    func partner(name: String, type: ElementType, shape: TensorShape) -> TensorRecord? {
        func fits(_ tensor: TensorRecord) -> Bool {
            tensor.type == type && shape.commonElements(with: tensor.shape) > 0
        }
        if let same = tensors[name] { return fits(same) ? same : nil }
        let fitting = tensors.renamed(name).filter(fits)
        return fitting.count == 1 ? fitting[0] : nil
    }

    /// The only base tensor whose name differs from this one by its first part.
    func renamed(_ name: String) -> TensorRecord? {
        let candidates = tensors.renamed(name)
        return candidates.count == 1 ? candidates[0] : nil
    }
}
