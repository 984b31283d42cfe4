internal import Catalog
internal import DeltaCodecs
public import DeltaicCore
internal import Foundation
internal import Kernels
internal import PackFormat
internal import TensorFiles

extension ModelRegistry {
    /// Writes the full model that an adapter and its base make: the base's files with the adapter merged in.
    ///
    /// W + scaling * B A in binary32, the sum over the rank in order, rounded once to the base's dtype. Files of the adapter other than its
    /// own (a tokenizer, a chat template) take the place of the base's.
    /// - Throws: `.unsupportedAdapter` if the version is no LoRA adapter, or one that does not fit its base; `.notFinite` if
    ///   a merged weight overflows the base's dtype.
    public func pullMerged(_ reference: VersionReference, to output: String) async throws -> PullResult {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let contents = try catalog.contents(of: reference)
        let (version, own) = (contents.version, contents.files)
        return try await naming("\(version.model)@v\(version.number)") {
            guard let configFile = own.first(where: { $0.path == AdapterConfig.fileName }),
                let weights = own.first(where: { $0.path == AdapterConfig.weightsName }),
                let baseID = version.baseVersion
            else {
                throw DeltaicError(
                    .unsupportedAdapter, "the version is no adapter",
                    expected: "\(AdapterConfig.fileName) and \(AdapterConfig.weightsName), registered against a base",
                    advice: "pull it without --merged: it is a whole model")
            }
            try manifests.run(contents)
            let config = try AdapterConfig(json: try objects.sharedBytes(configFile.head))
            let base = try catalog.files(of: baseID)
            let plan = try AdapterPlan(tensors: weights.tensors, base: base.flatMap(\.tensors), config: config)
            let extra = own.filter { file in
                ![AdapterConfig.fileName, AdapterConfig.weightsName, "README.md"].contains(file.path)
                    && file.tensors.isEmpty
            }
            let files = base.filter { file in !extra.contains { $0.path == file.path } } + extra
            try FileNames.checkTogether(files.map(\.path))
            progress.begin("merging", totalBytes: files.reduce(0) { $0 + $1.size })
            defer { progress.end() }
            var written: [PullResult.File] = []
            for file in files.sorted(by: { $0.path < $1.path }) {
                let digest = try await naming(file.path) { try await write(file, merging: plan, to: output) }
                written.append(PullResult.File(path: file.path, size: file.size, sha256: digest))
            }
            return PullResult(version: VersionSummary(version), output: output, files: written)
        }
    }

    private func write(_ file: FileRecord, merging plan: AdapterPlan, to output: String) async throws -> Digest {
        try FileNames.check(file.path)
        let path = output + "/" + file.path
        try makeFolder((path as NSString).deletingLastPathComponent)
        let target = try DurableFile(path: path)
        guard file.tensors.contains(where: { plan.changes[$0.name] != nil }) else {
            try await FileReconstruction(file: file, reader: objects).run(workers: workers, progress: progress) {
                try target.write($0)
            }
            try target.publish(synced: false)
            return file.sha256
        }
        var hash = try StreamingHash(.sha256)
        let header = try objects.sharedBytes(file.head)
        hash.update(header)
        try target.write(header)
        for tensor in file.tensors {
            try await naming("tensor \(tensor.name)") {
                let merge = try plan.changes[tensor.name].map {
                    try MergedTensor(base: tensor, change: $0, objects: objects)
                }
                let count = try objects.object(of: tensor).chunks.count
                try await workers.mapInOrder(0..<count) { [objects] position in
                    try merge?.chunk(position) ?? objects.chunk(position, of: tensor.object)
                } consume: { bytes in
                    hash.update(bytes)
                    try target.write(bytes)
                    progress.advance(bytes.count)
                }
            }
        }
        try target.publish(synced: false)
        return Digest(uncheckedBytes: hash.finish())
    }
}

/// A base tensor with an adapter's change, chunk by chunk.
private struct MergedTensor: Sendable {
    private let base: TensorRecord
    private let objects: ObjectReader
    private let format: FloatFormat
    private let change: AdapterPlan.Change
    /// rows x rank and rank x columns, so that their product has the base's shape; or the replacing values.
    private let left: [Float]
    private let right: [Float]
    private let rank: Int

    init(base: TensorRecord, change: AdapterPlan.Change, objects: ObjectReader) throws {
        guard let format = base.type.floatFormat else {
            throw DeltaicError(
                .unsupportedAdapter, "adapters are merged into F32, F16 and BF16 tensors", found: base.type.rawValue)
        }
        self.base = base
        self.change = change
        self.objects = objects
        self.format = format
        switch change {
        case .lowRank(let a, let b, _, let isTransposed):
            rank = a.shape.dimensions[0]
            let (a, b) = (try Self.values(of: a, objects), try Self.values(of: b, objects))
            left = isTransposed ? Self.transposed(a, rows: rank) : b
            right = isTransposed ? Self.transposed(b, columns: rank) : a
        case .replacement(let tensor):
            rank = 0
            left = tensor.type == base.type ? [] : try Self.values(of: tensor, objects)
            right = []
        }
    }

    private static func values(of tensor: TensorRecord, _ objects: ObjectReader) throws -> [Float] {
        guard let format = tensor.type.floatFormat else {
            throw DeltaicError(
                .unsupportedAdapter, "an adapter's tensors are F32, F16 or BF16", at: [tensor.name],
                found: tensor.type.rawValue)
        }
        var values: [Float] = []
        for position in try objects.object(of: tensor).chunks.indices {
            values += format.values(of: try objects.chunk(position, of: tensor.object))
        }
        return values
    }

    private static func transposed(_ values: [Float], rows: Int) -> [Float] {
        let columns = rows > 0 ? values.count / rows : 0
        var result = [Float](repeating: 0, count: values.count)
        for row in 0..<rows {
            for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
        }
        return result
    }

    private static func transposed(_ values: [Float], columns: Int) -> [Float] {
        transposed(values, rows: columns > 0 ? values.count / columns : 0)
    }

    func chunk(_ position: Int) throws -> [UInt8] {
        let grid = ChunkGrid(elementCount: base.shape.elementCount, width: base.type.width)
        let elements = grid.elements(of: position)
        let scaling: Float
        switch change {
        case .lowRank(_, _, let factor, _): scaling = factor
        case .replacement(let tensor):
            if tensor.type == base.type { return try objects.chunk(position, of: tensor.object) }
            let zeros = [UInt8](repeating: 0, count: elements.count * base.type.width)
            let values = Array(left[elements])
            return try checked(format.sum(base: zeros, delta: values), from: values, first: elements.lowerBound)
        }
        let words = try objects.chunk(position, of: base.object)
        let columns = base.shape.rowLength
        let rows = elements.lowerBound / columns..<(elements.upperBound - 1) / columns + 1
        var product = [Float](repeating: 0, count: rows.count * columns)
        FactorProduct.add(left: left, right: right, rank: rank, rows: rows, columns: columns, to: &product)
        let start = elements.lowerBound - rows.lowerBound * columns
        let sum = format.sum(base: words, delta: product[start..<start + elements.count].map { scaling * $0 })
        return try checked(sum, from: format.values(of: words), first: elements.lowerBound)
    }

    /// Refuses what merging made infinite, or no number; what was so before it may stay.
    private func checked(_ words: [UInt8], from values: [Float], first: Int) throws(DeltaicError) -> [UInt8] {
        let merged = format.values(of: words)
        // A product with zero is zero unless the factor is NaN or infinite; this loop needs no branches.
        guard !(merged.reduce(Float(0)) { $0 + $1 * 0 } == 0),
            let index = merged.indices.first(where: { !merged[$0].isFinite && values[$0].isFinite })
        else { return words }
        throw DeltaicError(
            .notFinite, "a merged weight overflows \(base.type.rawValue)", at: ["element \(first + index)"],
            found: "\(merged[index])", advice: "pull the adapter as it is and merge it with PEFT, in a wider dtype")
    }
}
