import Catalog
import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite("A signature is about one version, its files and its key")
struct SigningTests {
    private static let reference = "org/one@v2"

    private func problems(_ trusted: TrustedRegistry, _ reference: String?, key: VerifyingKey? = nil) async throws
        -> [String]
    {
        try await trusted.test.registry.checkSignatures(
            try reference.map { try VersionReference($0) }, key: key ?? trusted.key.verifyingKey)
    }

    @Test("what was signed is found right, and what was not is named")
    func signed() async throws {
        let trusted = try await TrustedRegistry()
        #expect(try await problems(trusted, Self.reference) == [])
        let unsigned = try await problems(trusted, nil)
        #expect(try unsigned.count == trusted.test.registry.catalog.allVersions().count - 1)
        #expect(unsigned.allSatisfy { $0.contains("nobody has signed") })
    }

    @Test("every flipped byte of a signature is found")
    func flips() async throws {
        let trusted = try await TrustedRegistry()
        let catalog = trusted.test.registry.catalog
        let version = try catalog.version(VersionReference(Self.reference)).id
        let record = try #require(try catalog.signatures(of: version).first)
        let bytes = Array(record.bundle.utf8)
        var outcomes: [String: Int] = [:]
        for position in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[position] ^= 1
            try catalog.addSignature(
                SignatureRecord(
                    key: record.key, createdAt: 1, bundle: String(decoding: damaged, as: UTF8.self)), to: version)
            let isFound = try await !problems(trusted, Self.reference).isEmpty
            // What is not signed and says nothing: the hint, the media type, the empty key id.
            let isHarmless = !isFound && Self.isUnsigned(position, in: record.bundle)
            #expect(isFound || isHarmless, "byte \(position): \(record.bundle.dropFirst(position - 10).prefix(30))")
            outcomes[isFound ? "found" : "harmless", default: 0] += 1
        }
        try Evidence.record(
            family: 5, "bit flips in signatures", tried: outcomes.values.reduce(0, +), outcomes: outcomes)
    }

    private static func isUnsigned(_ position: Int, in bundle: String) -> Bool {
        let place = bundle.utf8.index(bundle.utf8.startIndex, offsetBy: position)
        let parts = ["mediaType", "verificationMaterial", "keyid"].compactMap { name -> Range<String.Index>? in
            guard let start = bundle.range(of: "\"\(name)\"") else { return nil }
            let end = bundle[start.upperBound...].firstIndex { "},".contains($0) } ?? bundle.endIndex
            return start.lowerBound..<(name == "verificationMaterial" ? bundle.endIndex : end)
        }
        return parts.contains { $0.contains(place) }
    }

    @Test("a signature of another version, of other files or with another key is refused")
    func misplaced() async throws {
        let trusted = try await TrustedRegistry()
        let catalog = trusted.test.registry.catalog
        let record = try #require(
            try catalog.signatures(of: catalog.version(VersionReference(Self.reference)).id).first)
        let other = try catalog.version(VersionReference("org/one@v1")).id
        try catalog.addSignature(record, to: other)
        #expect(try await problems(trusted, "org/one@v1").first?.contains("other files") == true)
        // The same files under another number.
        let registry = trusted.test.registry
        _ = try await registry.register(
            trusted.test.directory.path("one2"),
            as: Registration(name: ModelName("twin"), base: VersionReference("base")))
        try catalog.addSignature(record, to: try catalog.version(VersionReference("twin")).id)
        #expect(try await problems(trusted, "twin").first?.contains("another version") == true)
    }

    @Test("only keys on the three curves are taken, and a wrong file is refused with a reason")
    func keys() throws {
        #expect(throws: DeltaicError.self) { try SigningKey(pem: Array("no key".utf8)) }
        #expect(throws: DeltaicError.self) { try VerifyingKey(pem: Array(TrustedRegistry.keyText.utf8)) }
        let key = try SigningKey(pem: Array(TrustedRegistry.keyText.utf8))
        let message = Array("a message".utf8)
        let signature = try key.signature(of: message)
        #expect(key.verifyingKey.isSignature(signature, of: message))
        #expect(!key.verifyingKey.isSignature(signature, of: message + [0]))
        #expect(!key.verifyingKey.isSignature([], of: message))
        let again = try VerifyingKey(pem: key.verifyingKey.pem)
        #expect(again.id == key.verifyingKey.id && again.isSignature(signature, of: message))
    }
}
