internal import Catalog
public import DeltaicCore

extension ModelRegistry {
    /// The text of a small file of a version; nil if the version has no such file, or if that is longer than `limit` bytes, the
    /// data of tensors, or no UTF-8.
    ///
    /// - Throws: a `notFound` error that says what there is, if there is no such version; a damage code naming the file.
    public func text(ofFile path: String, in reference: VersionReference, limit: Int) throws -> String? {
        let lock = try lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let (version, file) = try catalog.fileEntry(path: path, of: reference)
        guard let file, !file.isSafetensors, file.size <= limit else { return nil }
        let bytes = try naming("\(version.reference), \(path)") {
            let bytes = try StoredBytes(reader: objects, digest: file.head).read(0..<file.size)
            guard try Digest.sha256(bytes) == file.sha256 else {
                throw DeltaicError(
                    .contentMismatch, "the stored bytes are not those that were registered",
                    expected: file.sha256.short, advice: "run `deltaic verify`")
            }
            return bytes
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
