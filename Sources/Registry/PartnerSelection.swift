internal import Catalog
internal import DeltaicCore

/// Finds the base tensor that a tensor is stored as a difference from.
struct PartnerSelection: Sendable {
    private let tensors: [String: TensorRecord]
    /// Base tensors by their names without the first part, for models saved with another prefix (`bert.` or none).
    private let bySuffix: [String: [TensorRecord]]

    init(baseTensors: [String: TensorRecord]) {
        tensors = baseTensors
        var bySuffix: [String: [TensorRecord]] = [:]
        for tensor in baseTensors.values {
            if let suffix = Self.withoutPrefix(tensor.name) { bySuffix[suffix, default: []].append(tensor) }
        }
        self.bySuffix = bySuffix
    }

    /// The base tensor of the same name, else the only one whose name differs by a prefix; nil unless dtype and rows agree.
    func partner(name: String, type: ElementType, shape: TensorShape) -> TensorRecord? {
        func fits(_ tensor: TensorRecord) -> Bool {
            tensor.type == type && shape.commonElements(with: tensor.shape) > 0
        }
        if let same = tensors[name] { return fits(same) ? same : nil }
        var candidates = bySuffix[name] ?? []
        if let suffix = Self.withoutPrefix(name) {
            candidates += tensors[suffix].map { [$0] } ?? []
        }
        let fitting = candidates.filter(fits)
        return fitting.count == 1 ? fitting[0] : nil
    }

    /// The only base tensor whose name differs from this one by its first part.
    func renamed(_ name: String) -> TensorRecord? {
        var candidates = bySuffix[name] ?? []
        if let suffix = Self.withoutPrefix(name), let tensor = tensors[suffix] { candidates.append(tensor) }
        return candidates.count == 1 ? candidates[0] : nil
    }

    private static func withoutPrefix(_ name: String) -> String? {
        guard let dot = name.firstIndex(of: ".") else { return nil }
        return String(name[name.index(after: dot)...])
    }
}
