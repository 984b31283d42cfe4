internal import COpenSSL

/// A cryptographic hash that takes its input piece by piece, computed by the system's libcrypto.
///
/// Not shared between threads: each owner feeds its own.
public struct StreamingHash: ~Copyable {
    /// The hash function.
    public enum Function: Sendable {
        /// SHA-256, the identity of content.
        case sha256
        /// SHA-1, used only because Git object ids are defined by it.
        case sha1
    }

    private let context: OpaquePointer

    /// - Throws: `.outOfMemory` if libcrypto cannot make its state.
    public init(_ function: Function) throws(DeltaicError) {
        guard let context = EVP_MD_CTX_new() else {
            throw DeltaicError(.outOfMemory, "libcrypto could not allocate a hash state")
        }
        let kind = function == .sha256 ? EVP_sha256() : EVP_sha1()
        guard EVP_DigestInit_ex(context, kind, nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw DeltaicError(.unsupported, "libcrypto does not offer \(function)")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes to what is hashed.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // Only fails for a context that was not initialised, which `init` rules out.
        _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Adds bytes to what is hashed.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Ends the hash and returns its value: 32 bytes of SHA-256, 20 of SHA-1.
    public consuming func finish() -> [UInt8] {
        var value = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        _ = EVP_DigestFinal_ex(context, &value, &count)
        return Array(value.prefix(Int(count)))
    }
}

extension Digest {
    /// The SHA-256 of bytes in memory.
    public static func sha256(_ bytes: [UInt8]) throws(DeltaicError) -> Digest {
        var hash = try StreamingHash(.sha256)
        hash.update(bytes)
        return Digest(uncheckedBytes: hash.finish())
    }
}
