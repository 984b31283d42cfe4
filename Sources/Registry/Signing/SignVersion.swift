internal import Catalog
public import DeltaicCore
internal import Foundation

/// A signature of a version.
public struct SignatureListing: Sendable, Codable {
    /// `name@v1`.
    public let version: String
    /// The SHA-256 of the public key as DER SubjectPublicKeyInfo.
    public let key: Digest
    /// Seconds since 1970.
    public let createdAt: Int
}

extension ModelRegistry {
    /// The file beside a pulled model that other tools look for its signature in.
    public static let signatureFileName = "model.sig"

    /// Signs the files of a version, by their SHA-256, with its number and commit.
    ///
    /// The signature is kept in the catalog and the journal. One with the same key takes the place of an earlier one.
    /// - Throws: a `notFound` error that says what there is; `.catalogDamaged` if the manifest in the pack says otherwise than the catalog.
    public func sign(_ reference: VersionReference, with key: SigningKey) async throws -> SignatureListing {
        let reading = try await lockForReading()
        let writing = try await lockForWriting()
        defer { withExtendedLifetime((reading, writing)) {} }
        let contents = try catalog.contents(of: reference)
        let version = contents.version
        try manifests.run(contents)
        let bundle = try SignatureBundle(SignatureBundle.Statement(version, contents.files), with: key)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let record = SignatureRecord(
            key: key.verifyingKey.id, createdAt: Int(Date().timeIntervalSince1970),
            bundle: String(decoding: try encoder.encode(bundle), as: UTF8.self))
        try catalog.addSignature(record, to: version.id)
        return SignatureListing(version: version.reference, key: record.key, createdAt: record.createdAt)
    }

    /// The signatures of a version, oldest first.
    public func signatures(of reference: VersionReference) throws -> [SignatureListing] {
        let version = try catalog.version(reference)
        return try catalog.signatures(of: version.id).map {
            SignatureListing(version: version.reference, key: $0.key, createdAt: $0.createdAt)
        }
    }

    /// The newest signature of a version as a Sigstore bundle, JSON.
    ///
    /// - Throws: `.unknownContent` if nobody has signed it.
    func signatureBundle(of version: VersionRecord) throws -> String {
        guard let signature = try catalog.signatures(of: version.id).last else {
            throw DeltaicError(
                .unknownContent, "nobody has signed the version", advice: "sign it with `deltaic sign`")
        }
        return signature.bundle
    }

    func write(signature bundle: String, to output: String) throws {
        let file = try DurableFile(path: output + "/" + Self.signatureFileName)
        try file.write(Array(bundle.utf8))
        try file.publish(synced: false)
    }

    /// Checks that a key has signed the files of versions as the registry has them.
    ///
    /// - Parameter reference: nil for all versions.
    /// - Returns: what is wrong, one sentence for each version; nothing if all is well.
    public func checkSignatures(_ reference: VersionReference?, key: VerifyingKey) async throws -> [String] {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let versions = try reference.map { [try catalog.version($0)] } ?? catalog.allVersions()
        var problems: [String] = []
        for version in versions {
            do {
                try checkSignature(of: version.id, key: key)
            } catch let error as DeltaicError where error.code.category == .damaged {
                problems.append(error.inside(version.reference).description)
            } catch let error as DeltaicError where error.code == .unknownVersion && reference == nil {
                // It was removed since it was listed.
                continue
            }
        }
        return problems
    }

    private func checkSignature(of id: VersionID, key: VerifyingKey) throws {
        let signatures = try catalog.signatures(of: id)
        // Only then: of a version that is removed in between, it is not to be said that nobody signed it.
        guard let contents = try catalog.contents(of: id) else { throw DeltaicError.removedMeanwhile }
        guard let record = signatures.first(where: { $0.key == key.id }) else {
            throw DeltaicError(
                .badSignature,
                signatures.isEmpty ? "nobody has signed the version" : "the version is signed, but not with this key")
        }
        let statement = try SignatureBundle(json: record.bundle).statement(signedBy: key)
        let expected = try SignatureBundle.Statement(contents.version, contents.files)
        guard statement.predicate.resources == expected.predicate.resources,
            statement.subject.first?.digest.sha256 == expected.subject.first?.digest.sha256
        else { throw DeltaicError(.badSignature, "the signature is about other files than the version has") }
        // The name may have changed since; number and commit never do.
        guard statement.predicate.deltaic == expected.predicate.deltaic else {
            throw DeltaicError(.badSignature, "the signature is about another version with the same files")
        }
        try manifests.run(contents)
    }
}

extension SignatureBundle.Statement {
    /// What is said of a version when it is signed.
    init(_ version: VersionRecord, _ files: [FileRecord]) throws {
        let resources = files.filter { file in
            !SignatureBundle.ignoredPaths.contains { file.path == $0 || file.path.hasPrefix($0 + "/") }
        }.sorted { Array($0.path.utf8).lexicographicallyPrecedes(Array($1.path.utf8)) }.map {
            Resource(name: $0.path, algorithm: "sha256", digest: $0.sha256)
        }
        var hash = try StreamingHash(.sha256)
        for resource in resources { hash.update(resource.digest.bytes) }
        self.init(
            subject: [
                Subject(
                    name: version.reference, digest: .init(sha256: Digest(uncheckedBytes: hash.finish())))
            ],
            predicate: Predicate(
                resources: resources,
                deltaic: Version(number: version.number, commit: version.commit, tree: version.tree)))
    }
}
