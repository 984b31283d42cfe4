internal import Catalog
internal import DeltaicCore
internal import Foundation
internal import Kernels
internal import PackFormat

/// How tensors differ from others, and their changes by size.
struct TensorChanges {
    var tensors: [VersionComparison.Tensor] = []
    var histograms: [DeltaHistogram] = []
}

extension ModelRegistry {
    /// Compares pairs of tensors, one after the other; every chunk of those that differ is decoded.
    ///
    /// - Parameters:
    ///   - pairs: at least one of each is there; a tensor is called what the right one is.
    ///   - pack: of the right version; what lies elsewhere is stored for others.
    func changes(
        _ pairs: [(left: TensorRecord?, right: TensorRecord?)], storedIn pack: Digest?
    ) async throws -> TensorChanges {
        // The size of what did not change is needed where something beside it did.
        let needsSizes = pairs.contains { $0.left?.object != $0.right?.object }
        let stored = try catalog.objects(
            Array(Set(pairs.flatMap { [$0.left?.object, $0.right?.object] }.compactMap(\.self))))
        progress.begin("comparing", totalBytes: pairs.reduce(0) { $0 + ($1.right?.byteCount ?? 0) })
        defer { progress.end() }
        var result = TensorChanges()
        var histograms: [TensorClass: (unchanged: Int, changes: ChangeHistogram)] = [:]
        for (left, right) in pairs {
            guard let shown = right ?? left else { continue }
            let difference = try await naming("tensor \(shown.name)") {
                try await self.difference(left, right, needsSizes: needsSizes)
            }
            progress.advance(right?.byteCount ?? 0)
            let change = difference.change
            let ratio = difference.kind == .same ? 0 : change.map { ($0.squaredChange / $0.squaredValue).squareRoot() }
            result.tensors.append(
                VersionComparison.Tensor(
                    name: shown.name, kind: difference.kind, type: shown.type, shape: shown.shape,
                    bytes: shown.byteCount, changed: change?.changed ?? (difference.kind == .same ? 0 : nil),
                    compared: difference.compared,
                    relativeChange: ratio.flatMap { $0.isFinite ? $0 : nil },
                    squaredChange: change.flatMap { $0.squaredChange.isFinite ? $0.squaredChange : nil },
                    squaredValue: change.flatMap { $0.squaredValue.isFinite ? $0.squaredValue : nil },
                    storedBytes: right.flatMap { stored[$0.object] }.map { $0.pack == pack ? $0.storedBytes : 0 } ?? 0))
            guard let compared = difference.compared else { continue }
            let kind = TensorClass(name: shown.name, type: shown.type, shape: shown.shape)
            histograms[kind, default: (0, ChangeHistogram())].unchanged += compared - (change?.changed ?? 0)
            if let change { histograms[kind]?.changes.add(change.histogram) }
        }
        result.histograms = TensorClass.allCases.compactMap { kind in
            histograms[kind].map { DeltaHistogram(kind, unchanged: $0.unchanged, changes: $0.changes) }
        }
        return result
    }

    private struct Difference {
        var kind: VersionComparison.Kind
        /// Elements of the common rows; nil if there are none to compare.
        var compared: Int?
        var change: WordChange?
    }

    private func difference(
        _ left: TensorRecord?, _ right: TensorRecord?, needsSizes: Bool
    ) async throws -> Difference {
        guard let left else { return Difference(kind: .onlyRight) }
        guard let right else { return Difference(kind: .onlyLeft) }
        let common = right.shape.commonElements(with: left.shape)
        let isSame = left.object == right.object && left.type == right.type && left.shape == right.shape
        if isSame, !needsSizes { return Difference(kind: .same, compared: common) }
        // Bytes that were stored first under another dtype lie in other chunks.
        let leftType = try objects.object(left.object).description.type
        let rightType = try objects.object(right.object).description.type
        guard left.type == right.type, leftType == left.type, rightType == right.type, common > 0 else {
            return Difference(kind: isSame ? .same : .incomparable, compared: isSame ? common : nil)
        }
        let grid = ChunkGrid(elementCount: common, width: right.type.width)
        let layout = WordLayout(width: right.type.width, mantissaBits: right.type.mantissaBits)
        let values = WordValues(layout: layout, isSigned: right.type.isSignedInteger)
        var sum = WordChange()
        try await workers.mapInOrder(0..<grid.chunkCount) { [objects] position in
            let count = grid.elements(of: position).count
            let old = try objects.chunk(position, of: left.object)
            let new = isSame ? old : try objects.chunk(position, of: right.object)
            guard min(old.count, new.count) >= count * layout.width else {
                throw DeltaicError(
                    .contentMismatch, "the stored bytes are too few for the shape", at: ["chunk \(position)"],
                    expected: "\(count * layout.width)", found: "\(min(old.count, new.count))")
            }
            return values.change(from: old, to: new, count: count)
        } consume: {
            sum.add($0)
        }
        return Difference(kind: isSame ? .same : .changed, compared: common, change: sum)
    }
}
