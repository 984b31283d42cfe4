internal import Catalog
public import DeltaicCore

/// A tensor of a version as the catalog knows it.
public struct VersionTensor: Sendable, Codable {
    public let name: String
    public let type: ElementType
    public let shape: TensorShape
    /// In bytes.
    public let size: Int
    /// Of the raw bytes that a pull gives.
    public let sha256: Digest

    init(_ record: TensorRecord) {
        name = record.name
        type = record.type
        shape = record.shape
        size = record.byteCount
        sha256 = record.object
    }
}

extension ModelRegistry {
    /// A version and its tensors in the order of their bytes, those of the first file first; reads no pack.
    ///
    /// Where two files have a tensor of the same name, that of the first file counts.
    /// - Throws: a `notFound` error that says what there is.
    public func tensors(of reference: VersionReference) throws -> (version: VersionSummary, tensors: [VersionTensor]) {
        let version = try catalog.version(reference)
        var seen: Set<String> = []
        let tensors = try catalog.tensors(of: version.id).filter { seen.insert($0.name).inserted }
        return (VersionSummary(version), tensors.map(VersionTensor.init))
    }

    /// A version and one of its tensors, nil if it has none of that name; reads no pack.
    /// - Throws: a `notFound` error that says what there is, if there is no such version.
    public func tensor(_ name: String, of reference: VersionReference) throws -> (VersionSummary, VersionTensor?) {
        let version = try catalog.version(reference)
        return (VersionSummary(version), try catalog.tensor(named: name, of: version.id).map(VersionTensor.init))
    }
}
