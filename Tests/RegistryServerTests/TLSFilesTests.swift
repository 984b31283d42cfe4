import DeltaicCore
import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Certificates and keys for TLS")
struct TLSFilesTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Runs `openssl` in the temporary directory.
    func openssl(_ line: String) throws {
        let outcome = try ChildProcess.run(
            "openssl", line.split(separator: " ").map(String.init), in: directory.path)
        try #require(outcome.status == 0, "openssl \(line): \(outcome.errors)")
    }

    /// Makes `NAME.pem`, a certificate, and `NAME-key.pem`.
    func makePair(_ name: String, key: String = "ec -pkeyopt ec_paramgen_curve:P-256") throws {
        try openssl(
            "req -x509 -newkey \(key) -nodes -days 2 -subj /CN=\(name) -keyout \(name)-key.pem -out \(name).pem")
    }

    func configuration(_ certificate: String, _ key: String) throws -> TLSConfiguration {
        try TLSFiles(certificatePath: directory.path(certificate), keyPath: directory.path(key)).configuration()
    }

    func bytes(_ name: String) throws -> [UInt8] { try FolderContents.bytes(of: directory.path(name)) }

    /// Refused with a code and one place, the path of a file; what there is to do is said.
    func refuses(_ certificate: String, _ key: String, _ code: DeltaicError.Code, at file: String, _ words: String...)
        throws
    {
        let error = try #require(throws: DeltaicError.self) { try configuration(certificate, key) }
        #expect(error.code == code && error.places == [directory.path(file)], "\(error)")
        #expect(error.advice != nil)
        for word in words { #expect("\(error)".contains(word), "\(error)") }
    }

    @Test("a certificate and its key make a server of TLS 1.2 or newer", arguments: ["rsa:2048", "ec", "ed25519"])
    func accepts(kind: String) throws {
        try makePair("a", key: kind == "ec" ? "ec -pkeyopt ec_paramgen_curve:P-256" : kind)
        let configuration = try configuration("a.pem", "a-key.pem")
        #expect(configuration.minimumTLSVersion == .tlsv12 && configuration.certificateVerification == .none)
        #expect(configuration.certificateChain.count == 1)
    }

    @Test("keys in the older forms of PEM are read", arguments: ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256"])
    func olderForms(kind: String) throws {
        try makePair("a", key: kind)
        try openssl("pkey -traditional -in a-key.pem -out old.pem")
        #expect(String(decoding: try bytes("old.pem"), as: UTF8.self).contains(kind.hasPrefix("rsa") ? "RSA" : "EC"))
        _ = try configuration("a.pem", "old.pem")
    }

    @Test("the whole chain is taken, in its order, through symbolic links too")
    func chain() throws {
        try makePair("leaf")
        try makePair("issuer")
        try directory.write("chain.pem", bytes("leaf.pem") + bytes("issuer.pem"))
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("live.pem"), withDestinationPath: "chain.pem")
        let configuration = try configuration("live.pem", "leaf-key.pem")
        let expected = try ["leaf.pem", "issuer.pem"].map {
            NIOSSLCertificateSource.certificate(try NIOSSLCertificate(bytes: try bytes($0), format: .pem))
        }
        #expect(configuration.certificateChain == expected)
        try directory.write("wrong.pem", bytes("issuer.pem") + bytes("leaf.pem"))
        try refuses("wrong.pem", "leaf-key.pem", .keyMismatch, at: "leaf-key.pem", "first")
    }

    @Test("a key that is another's is refused", arguments: ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256"])
    func mismatch(kind: String) throws {
        try makePair("a")
        try makePair("b", key: kind)
        try refuses("a.pem", "b-key.pem", .keyMismatch, at: "b-key.pem", directory.path("a.pem"))
    }

    @Test("an encrypted key is refused and the way out is said", arguments: ["", "-traditional "])
    func encrypted(option: String) throws {
        try makePair("a")
        try openssl("pkey -in a-key.pem \(option)-aes256 -passout pass:secret -out locked.pem")
        try refuses("a.pem", "locked.pem", .badPrivateKey, at: "locked.pem", "encrypted", "openssl pkey")
    }

    @Test("missing files are not found, and named")
    func missing() throws {
        try makePair("a")
        try refuses("gone.pem", "a-key.pem", .missingTLSFile, at: "gone.pem", "certificate")
        try refuses("a.pem", "gone.pem", .missingTLSFile, at: "gone.pem", "private key")
        try refuses("a.pem/x", "a-key.pem", .missingTLSFile, at: "a.pem/x")
    }

    @Test("files without what they are for are refused, and say what they have")
    func wrongContent() throws {
        try makePair("a")
        try directory.write("empty.pem", [])
        try openssl("x509 -in a.pem -outform der -out a.der")
        try refuses("a-key.pem", "a-key.pem", .badCertificate, at: "a-key.pem", "found a private key")
        try refuses("a.pem", "a.pem", .badPrivateKey, at: "a.pem", "found a certificate")
        try refuses("empty.pem", "a-key.pem", .badCertificate, at: "empty.pem", "empty")
        try refuses("a.pem", "empty.pem", .badPrivateKey, at: "empty.pem", "empty")
        try refuses("a.der", "a-key.pem", .badCertificate, at: "a.der", "no PEM", "-inform der")
    }

    @Test("damaged and endless files are refused")
    func damaged() throws {
        try makePair("a")
        for name in ["a.pem", "a-key.pem"] {
            var bytes = try bytes(name)
            bytes.replaceSubrange(60..<90, with: repeatElement(UInt8(ascii: "!"), count: 30))
            try directory.write("bad-" + name, bytes)
        }
        try refuses("bad-a.pem", "a-key.pem", .badCertificate, at: "bad-a.pem", "openssl x509")
        try refuses("a.pem", "bad-a-key.pem", .badPrivateKey, at: "bad-a-key.pem", "openssl pkey")
        try directory.write("long.pem", [UInt8](repeating: 0x41, count: (1 << 20) + 1))
        try refuses("long.pem", "a-key.pem", .badCertificate, at: "long.pem", "too large")
        let error = try #require(throws: DeltaicError.self) {
            try TLSFiles(certificatePath: directory.path, keyPath: directory.path("a-key.pem")).configuration()
        }
        #expect(error.code == .ioFailure)
    }
}
