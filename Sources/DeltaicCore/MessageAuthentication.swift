internal import COpenSSL

/// Tells a text that this registry wrote from one that somebody made up: HMAC with SHA-256 (RFC 2104), by the system's libcrypto.
public struct MessageAuthentication: Sendable {
    /// The bytes of a key.
    public static let keyLength = 32

    private let key: [UInt8]

    /// - Throws: `.overBudget` if the key has another length.
    public init(key: [UInt8]) throws(DeltaicError) {
        guard key.count == Self.keyLength else {
            throw DeltaicError(
                .overBudget, "a key for message authentication has the wrong length",
                expected: "\(Self.keyLength) bytes", found: "\(key.count)")
        }
        self.key = key
    }

    /// The code of a message, 32 bytes.
    public func code(of message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Digest.byteCount)
        var count = UInt32(code.count)
        _ = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &count)
        return code
    }

    /// Whether `code` is that of the message; takes as long for a wrong one as for the right one.
    public func isCode(_ code: [UInt8], of message: [UInt8]) -> Bool {
        let own = self.code(of: message)
        return own.count == code.count && CRYPTO_memcmp(own, code, own.count) == 0
    }
}
