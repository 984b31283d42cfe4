internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat

extension TensorTreatments {
    /// What is kept exactly: files and headers, and the tensors that no lossy codec takes.
    func exactPieces(of files: [HashedFile]) -> [HashedPiece] {
        let lossy = Set(self.lossy.map { [$0.file, $0.position] })
        return files.enumerated().flatMap { index, file in
            [file.head]
                + (file.tensors ?? []).enumerated().compactMap { position, piece in
                    guard !lossy.contains([index, position]) else { return nil }
                    var piece = piece
                    if alone.contains([index, position]) { piece.storage = .alone }
                    return piece
                }
        }
    }
}

extension TensorTreatments.Lossy {
    func with(settings: CodecSettings) -> TensorTreatments.Lossy {
        TensorTreatments.Lossy(
            file: file, position: position, tensorClass: tensorClass, codec: codec, settings: settings, delta: delta)
    }

    func measured() throws(DeltaicError) -> TensorTreatments.Lossy {
        TensorTreatments.Lossy(
            file: file, position: position, tensorClass: tensorClass, codec: codec, settings: settings,
            delta: try delta.measured())
    }
}

extension StoredContent {
    /// What index, manifest and object record take for an object, beside its chunks.
    static let bytesPerObject = 230

    func tree() throws -> GitObjectID {
        try GitTree(files.map { ($0.path, $0.gitBlobID) }).root
    }

    /// What the objects of safetensors files take so far, headers and their share of index and manifest included.
    func weightBytes(finished: [PackObject]) -> Int {
        let raw = rawFiles
        let own = zip(objects, finished).reduce(0) { sum, pair in
            raw.contains(pair.0.description.digest) ? sum : sum + pair.1.storedBytes + Self.bytesPerObject
        }
        return own + elsewhere.reduce(0) { raw.contains($1.key) ? $0 : $0 + $1.value + Self.bytesPerObject }
    }

    /// The raw bytes of the linear layers, and what is stored of them so far.
    func linearBytes(finished: [PackObject]) -> (rawBytes: Int, exactBytes: Int) {
        let finished = Dictionary(
            finished.map { ($0.description.digest, $0.storedBytes) }, uniquingKeysWith: { first, _ in first })
        let layers = linearLayers
        return (
            layers.reduce(0) { $0 + $1.piece.range.count },
            Set(layers.map(\.digest)).reduce(0) { $0 + (finished[$1] ?? elsewhere[$1] ?? 0) }
        )
    }

    private var linearLayers: [HashedPiece] {
        files.flatMap { $0.tensors ?? [] }.filter { piece in
            guard let type = piece.piece.type, let shape = piece.piece.shape else { return false }
            return TensorClass(name: piece.piece.name, type: type, shape: shape) == .linear
        }
    }

    private var rawFiles: Set<Digest> {
        Set(files.filter { $0.tensors == nil }.map(\.head.digest))
    }

    func compression(_ request: LossyRequest) -> VersionManifest.Compression {
        VersionManifest.Compression(
            codec: mainCodec ?? "exact", recipe: request.recipe, goal: request.goal.text,
            seed: request.seed, gamma: family?.gamma, traceNorm: family.map { [$0.mode: $0.traceNorm] })
    }

    /// The codec of most weights that changed; if none did, the one that most were meant for.
    private var mainCodec: String? {
        // What the fine-tune left alone is dropped, whatever codec was asked for.
        let changed = lossy.filter { !$0.tensor.delta.statistics.isZero }
        var weights: [String: Int] = [:]
        for tensor in changed.isEmpty ? lossy : changed {
            let asked = tensor.tensor.codec.description
            weights[changed.isEmpty ? asked : tensor.piece.loss?.codec ?? asked, default: 0] +=
                tensor.piece.piece.elementCount
        }
        return weights.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    /// The figures of what lies in the pack; the sizes are final when the pack is complete.
    func report(_ writer: PackWriter) -> LossyReport {
        let finished = Dictionary(
            writer.finishedObjects.map { ($0.description.digest, $0.storedBytes) },
            uniquingKeysWith: { first, _ in first })
        var counted: Set<Digest> = []
        func stored(_ digests: [Digest]) -> Int {
            digests.reduce(0) { $0 + (counted.insert($1).inserted ? finished[$1] ?? elsewhere[$1] ?? 0 : 0) }
        }
        var sizes = StorageFigures()
        sizes.rawBytes = files.reduce(0) { $0 + $1.size }
        sizes.storedBytes = writer.byteCount
        sizes.weightRawBytes = files.filter { $0.tensors != nil }.reduce(0) { $0 + $1.size }
        sizes.weightStoredBytes = writer.byteCount - rawFiles.reduce(0) { $0 + (finished[$1] ?? 0) }
        // What versions beside the base have already is needed all the same: a ratio does not depend on what else is registered.
        sizes.weightStoredBytes += elsewhere.reduce(0) {
            rawFiles.contains($1.key) ? $0 : $0 + $1.value + Self.bytesPerObject
        }
        var tensors: [LossyReport.Tensor] = []
        for tensor in lossy {
            let delta = tensor.tensor.delta
            tensors.append(
                LossyReport.Tensor(
                    name: delta.name, file: files[tensor.tensor.file].path, tensorClass: tensor.tensor.tensorClass,
                    codec: tensor.piece.loss?.codec ?? "exact", rawBytes: delta.source.piece.range.count,
                    storedBytes: stored([tensor.piece.digest] + tensor.shared.map(\.digest)),
                    elements: delta.source.piece.elementCount, quality: tensor.quality))
        }
        counted = []
        for piece in linearLayers {
            sizes.linearRawBytes += piece.piece.range.count
            sizes.linearStoredBytes += stored([piece.digest] + (piece.spooled?.shared ?? []))
        }
        return LossyReport(
            tensors: tensors, keptExactly: keptExactly, unusedMoments: unusedMoments, sizes: sizes,
            warnings: Self.warnings(tensors))
    }

    /// The relative error from which on scores were seen to fall: `shared/methods.md`, section 13.
    private static let riskyError = 0.17

    private static func warnings(_ tensors: [LossyReport.Tensor]) -> [String] {
        var warnings: [String] = []
        let lost = tensors.filter {
            $0.quality.changed > 0 && $0.quality.reconstructedSquares == 0 && $0.codec != CodecID.drop.description
        }
        if !lost.isEmpty {
            let names = lost.prefix(3).map(\.name).joined(separator: ", ") + (lost.count > 3 ? ", ..." : "")
            warnings.append(
                "nothing is left of the changes of \(lost.count) tensors, which come back as they are in the base: \(names); "
                    + "ask for more bits, or keep them exactly (a recipe)")
        }
        var quality = DeltaQuality()
        for tensor in tensors { quality.add(tensor.quality) }
        if let error = quality.relativeError, error > riskyError {
            warnings.append(
                String(
                    format: "the weights come back with a relative error of %.2f; above %.2f scores were seen to fall, "
                        + "so evaluate it, or ask for less (--quality high)", error, riskyError))
        }
        return warnings
    }
}

extension LossyRequest.Goal {
    /// For the manifest.
    fileprivate var text: String {
        switch self {
        case .settings: "settings"
        case .bits(let bits): "bits \(bits)"
        case .ratio(let ratio): "ratio \(ratio)"
        case .linearRatio(let ratio): "ratio of linear layers \(ratio)"
        case .relativeError(let error): "relative error \(error)"
        }
    }
}
