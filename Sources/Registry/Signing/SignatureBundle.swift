internal import DeltaicCore
internal import Foundation

/// A signature over the files of a version as other tools check it too: a Sigstore bundle (version 0.3) around a DSSE envelope around
/// an in-toto statement (version 1) of OpenSSF Model Signing (predicate version 1.0).
///
/// - SeeAlso: `docs/reliability.md`, and github.com/ossf/model-signing-spec.
struct SignatureBundle: Codable {
    struct Statement: Codable {
        struct Subject: Codable {
            struct Digests: Codable {
                var sha256: Digest
            }

            /// The version as it was called when it was signed.
            var name: String
            /// The SHA-256 of the digests of all resources, one after the other.
            var digest: Digests
        }

        struct Resource: Codable, Equatable {
            var name: String
            var algorithm: String
            var digest: Digest
        }

        struct Serialization: Codable {
            var method = "files"
            var hashType = "sha256"
            var allowSymlinks = false
            var ignorePaths = SignatureBundle.ignoredPaths

            private enum CodingKeys: String, CodingKey {
                case method
                case hashType = "hash_type"
                case allowSymlinks = "allow_symlinks"
                case ignorePaths = "ignore_paths"
            }
        }

        /// What the registry knows beyond the files; others pass over it.
        struct Version: Codable, Equatable {
            var number: Int
            var commit: GitObjectID
            var tree: GitObjectID
        }

        struct Predicate: Codable {
            var serialization = Serialization()
            var resources: [Resource]
            var deltaic: Version?
        }

        var type = SignatureBundle.statementType
        var subject: [Subject]
        var predicateType = SignatureBundle.predicateType
        var predicate: Predicate

        private enum CodingKeys: String, CodingKey {
            case type = "_type"
            case subject, predicateType, predicate
        }
    }

    struct Envelope: Codable {
        struct Signature: Codable {
            var sig: Data
            var keyid: String?
        }

        var payload: Data
        var payloadType: String
        var signatures: [Signature]
    }

    struct Material: Codable {
        struct Key: Codable {
            /// The SHA-256 of the public key in PEM, in hexadecimal.
            var hint: String?
        }

        var publicKey: Key?
        /// No transparency log is asked.
        var tlogEntries: [String]? = []
    }

    static let statementType = "https://in-toto.io/Statement/v1"
    static let predicateType = "https://model_signing/signature/v1.0"
    static let payloadType = "application/vnd.in-toto+json"
    static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    /// Other tools pass over what belongs to Git, unless they are told otherwise; the commit id covers it.
    static let ignoredPaths = [".git", ".gitattributes", ".github", ".gitignore", ModelRegistry.signatureFileName]

    var mediaType: String
    var verificationMaterial: Material
    var dsseEnvelope: Envelope

    /// What is signed of an envelope (DSSE's pre-authentication encoding).
    static func authenticated(_ payload: Data) -> [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + Array(payload)
    }

    static func hint(_ key: VerifyingKey) throws(DeltaicError) -> String { try Digest.sha256(key.pem).hex }

    /// Signs a statement.
    init(_ statement: Statement, with key: SigningKey) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let payload = try encoder.encode(statement)
        mediaType = Self.mediaType
        verificationMaterial = Material(publicKey: .init(hint: try Self.hint(key.verifyingKey)))
        dsseEnvelope = Envelope(
            payload: payload, payloadType: Self.payloadType,
            signatures: [
                .init(sig: Data(try key.signature(of: Self.authenticated(payload))), keyid: "")
            ])
    }

    /// Reads a bundle.
    /// - Throws: `.badSignature` if it is none.
    init(json: String) throws(DeltaicError) {
        do {
            self = try JSONDecoder().decode(SignatureBundle.self, from: Data(json.utf8))
        } catch {
            throw DeltaicError(.badSignature, "the signature cannot be read: \(error)")
        }
    }

    /// The statement, if the key has signed it.
    /// - Throws: `.badSignature`.
    func statement(signedBy key: VerifyingKey) throws(DeltaicError) -> Statement {
        guard dsseEnvelope.payloadType == Self.payloadType, let signature = dsseEnvelope.signatures.first,
            dsseEnvelope.signatures.count == 1,
            key.isSignature(Array(signature.sig), of: Self.authenticated(dsseEnvelope.payload))
        else { throw DeltaicError(.badSignature, "the signature is not one of the key") }
        do {
            let statement = try JSONDecoder().decode(Statement.self, from: dsseEnvelope.payload)
            guard statement.type == Self.statementType, statement.predicateType == Self.predicateType else {
                throw DeltaicError(.badSignature, "what is signed is no statement about the files of a model")
            }
            return statement
        } catch let error as DeltaicError {
            throw error
        } catch {
            throw DeltaicError(.badSignature, "what is signed cannot be read: \(error)")
        }
    }
}

extension DeltaicError.Code {
    /// A signature is missing, not of the key, or about something else.
    static let badSignature = Self("badSignature", .damaged)
}
