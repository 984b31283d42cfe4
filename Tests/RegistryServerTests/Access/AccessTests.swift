import DeltaicCore
import Foundation
import HTTPTypes
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Who may do what")
struct AccessTests {
    private static func principal(_ scope: TokenScope?, _ namespace: String?, anonymous: Bool) throws -> Principal {
        guard let scope else { return Principal(token: nil, allowsAnonymousRead: anonymous) }
        let directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("r"))
        let registry = try ModelRegistry(path: directory.path("r"))
        let token = try registry.addToken(name: "t", scope: scope, namespace: namespace).token
        return Principal(token: token, allowsAnonymousRead: anonymous)
    }

    private static func outcome(_ principal: Principal, _ requirement: Requirement, _ model: String) -> Int {
        do {
            try AccessCheck(principal: principal) { try ModelName(model) }.run(requirement)
            return 200
        } catch let error as ServerError {
            return error.status.code
        } catch {
            return 0
        }
    }

    /// What each client gets for each requirement, in the order of `columns`; `own` is a model of the token's namespace.
    private static let table: [(TokenScope?, namespace: String?, anonymous: Bool, expected: [Int])] = [
        //            nothing token  readS  readM own/other/none  all   writeM own/other/none  wAll  wSome admin
        (nil, nil, false, [200, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401]),
        (nil, nil, true, [200, 401, 200, 200, 200, 200, 200, 401, 401, 401, 401, 401, 401]),
        (.read, nil, false, [200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403]),
        (.read, nil, true, [200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403]),
        (.read, "own", false, [200, 200, 200, 200, 404, 404, 403, 403, 404, 404, 403, 403, 403]),
        (.read, "own", true, [200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403]),
        (.write, nil, false, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 403]),
        (.write, "own", false, [200, 200, 200, 200, 404, 404, 403, 200, 404, 404, 403, 200, 403]),
        (.write, "own", true, [200, 200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 200, 403]),
        (.admin, nil, false, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
        (.admin, "own", false, [200, 200, 200, 200, 404, 404, 403, 200, 404, 404, 403, 200, 403]),
        (.admin, "own", true, [200, 200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 200, 403]),
    ]

    private static let columns: [(Requirement, String)] = [
        (.nothing, "x"), (.token, "x"), (.readSomething, "x"), (.readModel, "own/a"), (.readModel, "other/a"),
        (.readModel, "a"), (.readEverything, "x"), (.writeModel, "own/a"), (.writeModel, "other/a"), (.writeModel, "a"),
        (.writeEverything, "x"), (.writeSomething, "x"), (.administer, "x"),
    ]

    @Test("every scope, namespace and choice of anonymous reading gives each requirement its answer", arguments: 0..<12)
    func check(row: Int) throws {
        let (scope, namespace, anonymous, expected) = Self.table[row]
        let principal = try Self.principal(scope, namespace, anonymous: anonymous)
        for ((requirement, model), status) in zip(Self.columns, expected) {
            let found = Self.outcome(principal, requirement, model)
            #expect(
                found == status, "\(String(describing: scope)) \(namespace ?? "-") \(anonymous) \(requirement) \(model)"
            )
        }
        #expect(principal.listedNamespace == (anonymous ? nil : namespace))
    }

    @Test("a namespace is not a prefix, and its letter case counts")
    func namespaces() throws {
        let principal = try Self.principal(.write, "own", anonymous: false)
        for model in ["owner/a", "ow/a", "Own/a", "own"] {
            #expect(Self.outcome(principal, .readModel, model) == 404, "\(model)")
            #expect(Self.outcome(principal, .writeModel, model) == 404, "\(model)")
        }
    }

    @Test("the secret is in Bearer, or in Basic as the password, or as the user without one")
    func secrets() {
        func basic(_ text: String) -> String { "Basic " + Data(text.utf8).base64EncodedString() }
        #expect(Authentication.secret(in: "Bearer hf_x") == "hf_x")
        #expect(Authentication.secret(in: "bEARER   hf_x  ") == "hf_x")
        #expect(Authentication.secret(in: basic("user:hf_x")) == "hf_x")
        #expect(Authentication.secret(in: basic("hf_x:")) == "hf_x")
        #expect(Authentication.secret(in: basic("hf_x")) == "hf_x")
        #expect(Authentication.secret(in: basic("u:a:b")) == "a:b")
        let none = [
            "", "Bearer", "Bearer ", "hf_x", "Digest x", "Basic", "Basic !!", basic(""), basic(":"),
            "Basic " + Data([0xff, 0x3a]).base64EncodedString(),
        ]
        for header in none { #expect(Authentication.secret(in: header) == nil, "\(header)") }
    }

    @Test("a client's address is that of its connection, and the proxy's word for it only where that is trusted")
    func addresses() {
        func text(_ remote: String?, _ forwarded: String?, _ trusts: Bool) -> String {
            ClientAddress(remote: remote, forwardedFor: forwarded, trustsProxy: trusts).text
        }
        #expect(text("10.0.0.1", nil, false) == "10.0.0.1" && text(nil, nil, true) == "local")
        #expect(text("10.0.0.1", "1.2.3.4", false) == "10.0.0.1")
        #expect(text("10.0.0.1", "6.6.6.6, 1.2.3.4", true) == "1.2.3.4")
        #expect(text("10.0.0.1", "6.6.6.6,1.2.3.4 , ", true) == "1.2.3.4")
        // Another port is no other client.
        #expect(text("10.0.0.1", "6.6.6.6, 1.2.3.4:5678", true) == "1.2.3.4")
        #expect(
            text("10.0.0.1", "[2001:db8::1]:80", true) == "2001:db8::1"
                && text("x", "2001:db8::1", true) == "2001:db8::1")
        #expect(text("10.0.0.1", " ", true) == "10.0.0.1" && text("10.0.0.1", nil, true) == "10.0.0.1")
    }

    @Test("a rate is counted by IPv4 address and by IPv6 network, however the address is written")
    func rateKeys() {
        func key(_ remote: String) -> String {
            ClientAddress(remote: remote, forwardedFor: nil, trustsProxy: false).rateKey
        }
        #expect(key("10.0.0.1") == "10.0.0.1" && key("10.0.0.1") != key("10.0.0.2"))
        #expect(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff:1:2:3"))
        #expect(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"))
        // What a socket for both kinds shows of IPv4.
        #expect(key("::ffff:10.0.0.1") == "10.0.0.1" && key("::ffff:10.0.0.2") == "10.0.0.2")
        #expect(key("::1") != key("::ffff:10.0.0.1"))
        #expect(key("unix") == "unix")
    }
}
