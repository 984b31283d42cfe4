import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite("Access tokens")
struct AccessTokenTests {
    let test: TestRegistry
    var registry: ModelRegistry { test.registry }

    init() throws { test = try TestRegistry() }

    @Test("a secret stands for its token, in a registry that is open for reading only too")
    func found() throws {
        let end = Int(Date().timeIntervalSince1970) + 1000
        let new = try registry.addToken(name: "ci", scope: .write, namespace: "org", expiresAt: end)
        #expect(new.token.name == "ci" && new.token.scope == .write && new.token.namespace == "org")
        #expect(new.token.expiresAt == end && abs(new.token.createdAt - end) <= 1000)
        let reader = try ModelRegistry(path: registry.path, options: .init(isReadOnly: true))
        for registry in [registry, reader] {
            #expect(try registry.token(forSecret: new.secret) == new.token)
            #expect(try registry.tokens() == [new.token])
            #expect(try registry.token(forSecret: new.secret, at: end - 1) == new.token)
            #expect(try registry.token(forSecret: new.secret, at: end) == nil)
        }
    }

    @Test("what is not the secret to the letter stands for nothing")
    func notFound() throws {
        let secret = try registry.addToken(name: "ci", scope: .admin).secret
        let others = ["", "ci", String(secret.dropLast()), secret + "a", secret.lowercased(), " " + secret, "hf_\0"]
        for other in others where other != secret { #expect(try registry.token(forSecret: other) == nil) }
        let long = String(repeating: secret, count: 10_000)
        #expect(try registry.token(forSecret: long) == nil)
    }

    @Test("secrets are hf_ and 40 letters and digits, all of them used, none twice")
    func secrets() {
        let secrets = (0..<500).map { _ in TokenSecret.random() }
        for secret in secrets { #expect(secret.wholeMatch(of: /hf_[A-Za-z0-9]{40}/) != nil, "\(secret)") }
        #expect(Set(secrets).count == secrets.count)
        // 20,000 draws of 62 characters: that any is missing has a chance below 1e-138.
        #expect(Set(secrets.joined().replacing("_", with: "")).count == 62)
    }

    @Test("the secret is nowhere in the registry's folder, its hash is")
    func onlyHashes() throws {
        let new = try registry.addToken(name: "ci", scope: .read)
        let hash = try Digest.sha256(Array(new.secret.utf8))
        var everything = Data()
        for (_, data) in try test.contents(of: registry.path) { everything += data }
        #expect(everything.range(of: Data(hash.bytes)) != nil)
        #expect(everything.range(of: Data(new.secret.utf8)) == nil)
        #expect(everything.range(of: Data(new.secret.utf8.dropFirst(3))) == nil)
    }

    @Test("a revoked token is refused at once by every registry that is open")
    func revoked() throws {
        let new = try registry.addToken(name: "ci", scope: .read)
        let other = try registry.addToken(name: "other", scope: .admin)
        let writer = try test.reopened()
        let reader = try ModelRegistry(path: registry.path, options: .init(isReadOnly: true))
        #expect(try reader.token(forSecret: new.secret) != nil && writer.token(forSecret: new.secret) != nil)
        #expect(try writer.revokeToken(named: "ci") == new.token)
        for registry in [registry, writer, reader] {
            #expect(try registry.token(forSecret: new.secret) == nil)
            #expect(try registry.token(forSecret: other.secret) == other.token)
        }
        let error = try #require(throws: DeltaicError.self) { try registry.revokeToken(named: "ci") }
        #expect(error.code.category == .notFound && error.advice == "there are the tokens other")
    }

    @Test("tokens are added and revoked while another process changes the registry")
    func needsNoLock() async throws {
        let lock = try await registry.lockForWriting()
        defer { withExtendedLifetime(lock) {} }
        let other = try test.reopened()
        _ = try other.addToken(name: "ci", scope: .read)
        #expect(try other.revokeToken(named: "ci").name == "ci")
    }

    @Test("names that are taken or not allowed, and ends in the past, are refused; nothing is added")
    func refusals() throws {
        let new = try registry.addToken(name: "ci", scope: .read)
        func code(_ name: String, namespace: String? = nil, expiresAt: Int? = nil) -> DeltaicError.Code? {
            let error = #expect(throws: DeltaicError.self) {
                try registry.addToken(name: name, scope: .admin, namespace: namespace, expiresAt: expiresAt)
            }
            return error?.code
        }
        #expect(code("ci")?.category == .conflict)
        #expect(code("a b") == .invalidName)
        #expect(code("new", namespace: "a/b") == .invalidName)
        #expect(code("new", expiresAt: new.token.createdAt) == .badExpiry)
        #expect(code("new", expiresAt: .min) == .badExpiry)
        #expect(try registry.tokens() == [new.token])
    }

    @Test("each scope includes those before it")
    func scopeOrder() {
        #expect(TokenScope.allCases == TokenScope.allCases.sorted())
        #expect(TokenScope.read < .write && TokenScope.write < .admin && !(TokenScope.admin < .read))
    }
}
