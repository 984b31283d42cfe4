internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat

/// Finds UltraDelta's gamma among the fine-tunes of the same base that were compressed with it.
struct SiblingTraceNorms: Sendable {
    let workers: WorkerPool
    let catalog: CatalogDatabase

    /// What was found: kept with the version, for later siblings.
    struct Finding: Sendable {
        let gamma: Double
        let traceNorm: Double
        let mode: String
    }

    /// - Returns: the tensors with gamma as a number, and what it was made of; nil if no tensor's settings ask for it.
    func run(
        _ tensors: [TensorTreatments.Lossy], planning: LossyPlanning, base: VersionRecord?
    ) async throws -> (tensors: [TensorTreatments.Lossy], finding: Finding)? {
        let (name, value) = TaskTraceNorm.setting
        let asking = tensors.filter { $0.codec == .ultraDelta && $0.settings[name] == value }
        guard let first = asking.first else { return nil }
        var mode = "code"
        if case .text(let text) = first.settings["mode"] { mode = text }
        let isOriginal = mode == "paper"
        var own = 0.0
        let planned = try planning.run(tensors).filter { tensor in
            tensor.tensor.codec == .ultraDelta && tensor.tensor.settings[name] == value
        }
        try await workers.mapInOrder(planned) { tensor in
            guard let plan = tensor.planned else { return 0 }
            return try naming(tensor.tensor.delta.name) {
                try TaskTraceNorm.of(
                    tensor.tensor.delta, codec: isOriginal ? nil : plan.codec, coder: ZstdStream())
            }
        } consume: { (norm: Double) in
            own += norm
        }
        let siblings = try base.map { try norms(ofFineTunesOf: $0, mode: mode) } ?? []
        var gamma = TaskTraceNorm.gamma(own, siblings: siblings)
        // The paper's range.
        if isOriginal { gamma = max(0.5, gamma) }
        let changed = tensors.map { tensor in
            tensor.codec == .ultraDelta && tensor.settings[name] == value
                ? tensor.with(settings: tensor.settings.merging([name: .number(gamma)]) { $1 }) : tensor
        }
        return (changed, Finding(gamma: gamma, traceNorm: own, mode: mode))
    }

    private func norms(ofFineTunesOf base: VersionRecord, mode: String) throws -> [Double] {
        try catalog.recipes(ofFineTunesOf: base.id).compactMap { recipe in
            let compression = try? JSONDecoder().decode(VersionManifest.Compression.self, from: Data(recipe.json.utf8))
            return compression?.traceNorm?[mode]
        }
    }
}
