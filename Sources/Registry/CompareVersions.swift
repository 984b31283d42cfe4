internal import Catalog
public import DeltaicCore
internal import Foundation
internal import Kernels
internal import PackFormat

/// How two versions differ.
public struct VersionComparison: Sendable, Codable {
    public enum Kind: String, Sendable, Codable {
        case same, changed, onlyLeft, onlyRight, incomparable
    }

    public struct Tensor: Sendable, Codable {
        public let name: String
        public let kind: Kind
        /// Of the right version, or of the left if it is only there.
        public let type: ElementType
        public let shape: TensorShape
        public let bytes: Int
        /// Elements of the common rows that differ in at least one bit.
        public let changed: Int?
        public let compared: Int?
        /// |right - left| / |left| over the common rows (Frobenius norms); nil if it is not defined.
        public let relativeChange: Double?
        /// What the right version's tensor takes in its pack.
        public let storedBytes: Int
    }

    public struct File: Sendable, Codable {
        public let path: String
        public let kind: Kind
        public let leftSize: Int?
        public let rightSize: Int?
    }

    public let left: VersionSummary
    public let right: VersionSummary
    public let tensors: [Tensor]
    public let files: [File]
}

extension ModelRegistry {
    /// Compares two versions tensor by tensor, by name.
    public func compare(_ left: VersionReference, _ right: VersionReference) async throws -> VersionComparison {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let versions = (left: try catalog.version(left), right: try catalog.version(right))
        let leftFiles = try catalog.files(of: versions.left.id)
        let rightFiles = try catalog.files(of: versions.right.id)
        let leftTensors = Dictionary(leftFiles.flatMap(\.tensors).map { ($0.name, $0) }) { first, _ in first }
        let rightTensors = Dictionary(rightFiles.flatMap(\.tensors).map { ($0.name, $0) }) { first, _ in first }
        let stored = try catalog.objects(
            Array(Set((leftTensors.values.map(\.object)) + rightTensors.values.map(\.object))))
        progress.begin("comparing", totalBytes: rightTensors.values.reduce(0) { $0 + $1.byteCount })
        defer { progress.end() }
        var tensors: [VersionComparison.Tensor] = []
        for name in Set(leftTensors.keys).union(rightTensors.keys).sorted() {
            guard let shown = rightTensors[name] ?? leftTensors[name] else { continue }
            let difference = try await naming("tensor \(name)") {
                try await self.difference(leftTensors[name], rightTensors[name])
            }
            progress.advance(rightTensors[name]?.byteCount ?? 0)
            tensors.append(
                VersionComparison.Tensor(
                    name: name, kind: difference.kind, type: shown.type, shape: shown.shape, bytes: shown.byteCount,
                    changed: difference.changed, compared: difference.compared,
                    relativeChange: difference.relativeChange, storedBytes: stored[shown.object]?.storedBytes ?? 0))
        }
        return VersionComparison(
            left: VersionSummary(versions.left), right: VersionSummary(versions.right), tensors: tensors,
            files: files(leftFiles, rightFiles))
    }

    private struct Difference {
        var kind: VersionComparison.Kind
        var changed: Int?
        var compared: Int?
        var relativeChange: Double?
    }

    private func difference(_ left: TensorRecord?, _ right: TensorRecord?) async throws -> Difference {
        guard let left else { return Difference(kind: .onlyRight) }
        guard let right else { return Difference(kind: .onlyLeft) }
        let common = right.shape.commonElements(with: left.shape)
        if left.object == right.object && left.type == right.type && left.shape == right.shape {
            return Difference(kind: .same, changed: 0, compared: common, relativeChange: 0)
        }
        // Bytes that were stored first under another dtype lie in other chunks.
        let leftType = try objects.object(left.object).description.type
        let rightType = try objects.object(right.object).description.type
        guard left.type == right.type, leftType == left.type, rightType == right.type, common > 0 else {
            return Difference(kind: .incomparable)
        }
        let grid = ChunkGrid(elementCount: common, width: right.type.width)
        let layout = WordLayout(width: right.type.width, mantissaBits: right.type.mantissaBits)
        let values = WordValues(layout: layout, isSigned: right.type.isSignedInteger)
        var sum = WordChange()
        try await workers.mapInOrder(0..<grid.chunkCount) { [objects] position in
            let count = grid.elements(of: position).count
            let old = try objects.chunk(position, of: left.object)
            let new = try objects.chunk(position, of: right.object)
            guard min(old.count, new.count) >= count * layout.width else {
                throw DeltaicError(
                    .contentMismatch, "the stored bytes are too few for the shape", at: ["chunk \(position)"],
                    expected: "\(count * layout.width)", found: "\(min(old.count, new.count))")
            }
            return values.change(from: old, to: new, count: count)
        } consume: {
            sum.add($0)
        }
        let ratio = (sum.squaredChange / sum.squaredValue).squareRoot()
        return Difference(
            kind: .changed, changed: sum.changed, compared: common, relativeChange: ratio.isFinite ? ratio : nil)
    }

    private func files(_ left: [FileRecord], _ right: [FileRecord]) -> [VersionComparison.File] {
        let leftFiles = Dictionary(left.map { ($0.path, $0) }) { first, _ in first }
        let rightFiles = Dictionary(right.map { ($0.path, $0) }) { first, _ in first }
        return Set(leftFiles.keys).union(rightFiles.keys).sorted().map { path in
            let one = leftFiles[path]
            let other = rightFiles[path]
            let kind: VersionComparison.Kind =
                one == nil ? .onlyRight : other == nil ? .onlyLeft : one?.sha256 == other?.sha256 ? .same : .changed
            return VersionComparison.File(path: path, kind: kind, leftSize: one?.size, rightSize: other?.size)
        }
    }
}
