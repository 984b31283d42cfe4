internal import COpenSSL

extension DeltaicError.Code {
    /// A file is no key of a kind that signatures are made with.
    public static let unusableKey = Self("unusableKey", .refusedInput)
}

/// A private key on one of NIST's curves P-256, P-384 or P-521: makes ECDSA signatures with the SHA-2 of the curve's size, by the
/// system's libcrypto.
public final class SigningKey: Sendable {
    private let handle: KeyHandle
    /// The public half.
    public let verifyingKey: VerifyingKey

    /// - Parameters:
    ///   - pem: PKCS#8 or SEC1, in PEM.
    ///   - password: for an encrypted key.
    /// - Throws: `.unusableKey`.
    public init(pem: [UInt8], password: String? = nil) throws(DeltaicError) {
        let key = try KeyHandle.reading(pem) { bio in
            guard let password else {
                // Without this, libcrypto would ask on the terminal.
                return PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
            }
            return Array(password.utf8CString).withUnsafeBufferPointer {
                PEM_read_bio_PrivateKey(bio, nil, nil, UnsafeMutableRawPointer(mutating: $0.baseAddress))
            }
        }
        guard let key else {
            throw DeltaicError(
                .unusableKey, "the file is no private key in PEM, or its password is missing or wrong",
                advice: "make one with `openssl ecparam -name prime256v1 -genkey -noout`")
        }
        handle = KeyHandle(key)
        verifyingKey = try VerifyingKey(handle)
    }

    /// An ECDSA signature of a message, DER.
    /// - Throws: `.outOfMemory` if libcrypto fails.
    public func signature(of message: [UInt8]) throws(DeltaicError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw KeyHandle.failure("sign") }
        defer { EVP_MD_CTX_free(context) }
        var count = 0
        guard EVP_DigestSignInit(context, nil, verifyingKey.hash, nil, handle.key) == 1,
            EVP_DigestSign(context, nil, &count, message, message.count) == 1
        else { throw KeyHandle.failure("sign") }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else {
            throw KeyHandle.failure("sign")
        }
        return Array(signature.prefix(count))
    }
}

/// A public key on P-256, P-384 or P-521: checks what ``SigningKey`` signs.
public final class VerifyingKey: Sendable {
    private static let curves = ["prime256v1", "secp384r1", "secp521r1"]

    private let handle: KeyHandle
    /// SubjectPublicKeyInfo in PEM.
    public let pem: [UInt8]
    /// The SHA-256 of SubjectPublicKeyInfo in DER.
    public let id: Digest

    /// - Parameter pem: SubjectPublicKeyInfo in PEM.
    /// - Throws: `.unusableKey`.
    public convenience init(pem: [UInt8]) throws(DeltaicError) {
        guard let key = try KeyHandle.reading(pem, { PEM_read_bio_PUBKEY($0, nil, nil, nil) }) else {
            throw DeltaicError(
                .unusableKey, "the file is no public key in PEM",
                advice: "`openssl ec -in private.pem -pubout` writes that of a private key")
        }
        try self.init(KeyHandle(key))
    }

    fileprivate init(_ handle: KeyHandle) throws(DeltaicError) {
        guard EVP_PKEY_get_base_id(handle.key) == EVP_PKEY_EC, Self.curves.contains(handle.group) else {
            throw DeltaicError(
                .unusableKey, "the key is of a kind that signatures are not made with",
                expected: "an elliptic curve key on P-256, P-384 or P-521")
        }
        self.handle = handle
        let key = handle.key
        pem = try KeyHandle.written { PEM_write_bio_PUBKEY($0, key) }
        id = try Digest.sha256(try KeyHandle.written { i2d_PUBKEY_bio($0, key) })
    }

    /// The hash function that goes with the curve.
    fileprivate var hash: OpaquePointer? {
        switch EVP_PKEY_get_bits(handle.key) {
        case 256: EVP_sha256()
        case 384: EVP_sha384()
        default: EVP_sha512()
        }
    }

    /// Whether a signature, DER, is one of this key for a message.
    public func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, hash, nil, handle.key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

/// A key of libcrypto, freed with its last owner.
// libcrypto counts references and changes nothing in a key that is only used, so threads may share it.
private final class KeyHandle: @unchecked Sendable {
    let key: OpaquePointer

    init(_ key: OpaquePointer) {
        self.key = key
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// The name of the curve; empty for other keys.
    var group: String {
        var name = [CChar](repeating: 0, count: 64)
        var count = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else { return "" }
        return String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func failure(_ what: String) -> DeltaicError {
        DeltaicError(.outOfMemory, "libcrypto could not \(what)")
    }

    static func reading(_ pem: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?) throws(DeltaicError)
        -> OpaquePointer?
    {
        guard let bio = BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else { throw failure("read a key") }
        defer { BIO_free(bio) }
        return body(bio)
    }

    /// What libcrypto writes.
    static func written(_ body: (OpaquePointer) -> Int32) throws(DeltaicError) -> [UInt8] {
        guard let bio = BIO_new(BIO_s_mem()) else { throw failure("write a key") }
        defer { BIO_free(bio) }
        guard body(bio) == 1 else { throw failure("write a key") }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        guard count > 0 else { throw failure("write a key") }
        return Array(bytes.prefix(Int(count)))
    }
}
