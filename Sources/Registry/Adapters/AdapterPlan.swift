internal import Catalog
internal import DeltaicCore

/// What an adapter does to the tensors of its base.
struct AdapterPlan: Sendable {
    /// A change of one base tensor.
    enum Change: Sendable {
        /// W + scaling * B A, or its transpose.
        case lowRank(a: TensorRecord, b: TensorRecord, scaling: Float, isTransposed: Bool)
        /// Another tensor in its place.
        case replacement(TensorRecord)
    }

    /// By the name of the base tensor.
    private(set) var changes: [String: Change] = [:]

    /// - Throws: `.unsupportedAdapter` naming the tensor that has no place in the base, or is of an unknown kind.
    init(tensors: [TensorRecord], base: [TensorRecord], config: AdapterConfig) throws(DeltaicError) {
        let names = BaseNames(base)
        var pairs: [String: (a: TensorRecord?, b: TensorRecord?, isEmbedding: Bool)] = [:]
        for tensor in tensors {
            let name = AdapterTensorName(tensor.name)
            switch name.part {
            case .a(let isEmbedding):
                guard pairs[name.target]?.a == nil else { throw Self.twice(tensor) }
                pairs[name.target, default: (nil, nil, isEmbedding)].a = tensor
            case .b(let isEmbedding):
                guard pairs[name.target]?.b == nil else { throw Self.twice(tensor) }
                pairs[name.target, default: (nil, nil, isEmbedding)].b = tensor
            case .whole: changes[try names.tensor(name.target, for: tensor).name] = .replacement(tensor)
            case .unknown:
                throw DeltaicError(
                    .unsupportedAdapter, "the adapter has a tensor of a kind that cannot be merged", at: [tensor.name],
                    advice: "pull the adapter as it is and merge it with PEFT")
            }
        }
        for (module, pair) in pairs.sorted(by: { $0.key < $1.key }) {
            guard let a = pair.a, let b = pair.b else {
                throw DeltaicError(
                    .unsupportedAdapter, "the adapter has only one factor of a layer", at: [module],
                    expected: "lora_A and lora_B")
            }
            let scaling = try config.scaling(ofModule: module, rank: a.shape.dimensions.first ?? 0)
            let target = try names.tensor(module + ".weight", for: a)
            let isTransposed = pair.isEmbedding || config.isTransposed
            let product = [b.shape.dimensions.first ?? 0, a.shape.dimensions.last ?? 0]
            guard a.shape.dimensions.count == 2, b.shape.dimensions.count == 2,
                a.shape.dimensions[0] == b.shape.dimensions[1],
                target.shape.dimensions == (isTransposed ? product.reversed() : product)
            else {
                throw DeltaicError(
                    .unsupportedAdapter, "the adapter's factors do not fit the base's tensor", at: [target.name],
                    expected: target.shape.description, found: "\(b.shape) times \(a.shape)")
            }
            changes[target.name] = .lowRank(
                a: a, b: b, scaling: scaling, isTransposed: isTransposed)
        }
        for (name, change) in changes.sorted(by: { $0.key < $1.key }) {
            guard case .replacement(let tensor) = change else { continue }
            let target = try names.tensor(name, for: tensor)
            guard target.shape == tensor.shape else {
                throw DeltaicError(
                    .unsupportedAdapter, "the adapter replaces a tensor by one of another shape", at: [name],
                    expected: target.shape.description, found: tensor.shape.description)
            }
        }
    }
}

extension AdapterPlan {
    private static func twice(_ tensor: TensorRecord) -> DeltaicError {
        DeltaicError(
            .unsupportedAdapter, "the adapter has two factors of one kind for a layer", at: [tensor.name],
            advice: "pull the adapter as it is and merge it with PEFT")
    }
}

/// The name of an adapter's tensor, taken apart.
private struct AdapterTensorName {
    enum Part {
        case a(isEmbedding: Bool)
        case b(isEmbedding: Bool)
        case whole
        case unknown
    }

    /// The module for factors, the tensor for whole ones, without PEFT's prefix.
    let target: String
    let part: Part

    init(_ name: String) {
        var rest = Substring(name)
        for prefix in ["base_model.model.", "base_model."] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
            break
        }
        let parts = rest.split(separator: ".")
        let kinds: [Substring: Part] = [
            "lora_A": .a(isEmbedding: false), "lora_B": .b(isEmbedding: false),
            "lora_embedding_A": .a(isEmbedding: true), "lora_embedding_B": .b(isEmbedding: true),
        ]
        if let index = parts.firstIndex(where: { kinds[$0] != nil }), let kind = kinds[parts[index]] {
            target = parts[..<index].joined(separator: ".")
            // lora_A.weight or lora_A.default.weight; embeddings have nothing after it.
            let rest = parts[(index + 1)...]
            part = [[], ["weight"], ["default"], ["default", "weight"]].contains(Array(rest)) ? kind : .unknown
        } else if let index = parts.firstIndex(of: "modules_to_save") {
            // modules_to_save.weight, or modules_to_save.default.weight.
            target = (parts[..<index] + parts[(index + 1)...].suffix(1)).joined(separator: ".")
            part = .whole
        } else {
            target = String(rest)
            part = rest.contains("lora_") ? .unknown : .whole
        }
    }
}

/// The base's tensors by name, also by one that differs in its first part.
private struct BaseNames {
    private let tensors: [String: TensorRecord]
    private let selection: PartnerSelection

    init(_ base: [TensorRecord]) {
        tensors = Dictionary(base.map { ($0.name, $0) }) { first, _ in first }
        selection = PartnerSelection(baseTensors: tensors)
    }

    func tensor(_ name: String, for source: TensorRecord) throws(DeltaicError) -> TensorRecord {
        if let tensor = tensors[name] ?? selection.renamed(name) { return tensor }
        throw DeltaicError(
            .unsupportedAdapter, "the base has no tensor that the adapter changes", at: [source.name], expected: name,
            advice: "register the adapter against the base that it was trained on")
    }
}
