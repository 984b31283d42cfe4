internal import DeltaicCore
internal import Glibc
internal import NIOSSL

extension DeltaicError.Code {
    /// A certificate or a key for TLS is not where it was said to be.
    static let missingTLSFile = Self("missingTLSFile", .notFound)
    /// A file holds no certificate, or one that cannot be read.
    static let badCertificate = Self("badCertificate", .refusedInput)
    /// A file holds no private key, or one that cannot be read.
    static let badPrivateKey = Self("badPrivateKey", .refusedInput)
    /// A private key is not that of the certificate.
    static let keyMismatch = Self("keyMismatch", .refusedInput)
}

/// The files that let the server speak TLS: a certificate chain and its private key, both as PEM.
struct TLSFiles: Sendable {
    /// The server's own certificate first, then those that lead from it to a root.
    let certificatePath: String
    let keyPath: String

    /// No chain and no key is longer.
    private static let longestFile = 1 << 20

    /// Reads the files and checks that they belong together.
    ///
    /// - Returns: a configuration for a server that speaks TLS 1.2 or newer and asks clients for no certificate.
    /// - Throws: `.missingTLSFile`, `.badCertificate`, `.badPrivateKey` or `.keyMismatch`, which name the file; `.ioFailure`.
    func configuration() throws -> TLSConfiguration {
        let chain = try certificates()
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(try privateKey()))
        configuration.minimumTLSVersion = .tlsv12
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch NIOSSLError.failedToLoadPrivateKey {
            // Alone it could be read, so it is the certificate that it does not fit.
            throw DeltaicError(
                .keyMismatch, "the private key is not that of the certificate", at: [keyPath],
                expected: "the key of the first certificate in \(certificatePath)", found: "another key",
                advice:
                    "name the key that the certificate was made with; the server's own certificate has to be the first in its file"
            )
        } catch {
            throw DeltaicError(
                .badCertificate, "TLS cannot be set up with this certificate and this key", at: [certificatePath],
                found: "\(error)",
                advice: "check the files with `openssl x509 -text -in FILE` and `openssl pkey -check -in FILE`")
        }
        return configuration
    }

    private func certificates() throws -> [NIOSSLCertificate] {
        let bytes = try read(certificatePath, "certificate")
        guard contains(bytes, "-----BEGIN CERTIFICATE-----") else {
            throw DeltaicError(
                .badCertificate, "there is no certificate in the file", at: [certificatePath],
                expected: "-----BEGIN CERTIFICATE-----", found: contents(bytes),
                advice:
                    "name a PEM file with the server's certificate, followed by those of its issuers; `openssl x509 -inform der "
                    + "-in FILE -out cert.pem` makes one of a DER file")
        }
        do {
            return try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw DeltaicError(
                .badCertificate, "a certificate in the file cannot be read", at: [certificatePath],
                found: "\(error)", advice: "check the file with `openssl x509 -text -in FILE`")
        }
    }

    private func privateKey() throws -> NIOSSLPrivateKey {
        let bytes = try read(keyPath, "private key")
        guard !contains(bytes, "-----BEGIN ENCRYPTED PRIVATE KEY-----"), !contains(bytes, "Proc-Type: 4,ENCRYPTED")
        else {
            throw DeltaicError(
                .badPrivateKey, "the private key is encrypted, and there is nobody to ask for its passphrase",
                at: [keyPath], expected: "a key without a passphrase", found: "an encrypted key",
                advice:
                    "take the passphrase off with `openssl pkey -in FILE -out plain.pem`, and let nobody else read plain.pem"
            )
        }
        guard contains(bytes, "PRIVATE KEY-----") else {
            throw DeltaicError(
                .badPrivateKey, "there is no private key in the file", at: [keyPath],
                expected: "-----BEGIN PRIVATE KEY-----", found: contents(bytes),
                advice: "name the PEM file with the key that the certificate was made with")
        }
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw DeltaicError(
                .badPrivateKey, "the private key cannot be read", at: [keyPath],
                found: "\(error)", advice: "check the file with `openssl pkey -check -in FILE`")
        }
    }

    private func read(_ path: String, _ what: String) throws -> [UInt8] {
        // Those who renew certificates put a link where the newest is.
        guard let resolved = realpath(path, nil) else {
            let code = errno
            guard code == ENOENT || code == ENOTDIR else {
                throw DeltaicError.systemCall("open", path: path, errno: code)
            }
            throw DeltaicError(
                .missingTLSFile, "there is no \(what) file", at: [path],
                advice: "give the path of a PEM file with the \(what)")
        }
        defer { free(resolved) }
        let file = try ReadOnlyFile(path: String(cString: resolved))
        guard file.size <= Self.longestFile else {
            throw DeltaicError(
                what == "certificate" ? .badCertificate : .badPrivateKey, "the file is too large for a \(what)",
                at: [path], expected: "at most \(Self.longestFile) bytes", found: "\(file.size)",
                advice: "give the path of a PEM file with the \(what)")
        }
        return try file.read(0..<file.size)
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }

    /// What a file holds, without its content: it may be secret.
    private func contents(_ bytes: [UInt8]) -> String {
        if bytes.isEmpty { return "an empty file" }
        if contains(bytes, "PRIVATE KEY-----") { return "a private key" }
        if contains(bytes, "-----BEGIN CERTIFICATE-----") { return "a certificate" }
        return contains(bytes, "-----BEGIN ") ? "PEM of another kind" : "no PEM"
    }
}
