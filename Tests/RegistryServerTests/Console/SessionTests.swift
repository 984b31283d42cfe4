import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

/// A browser that is signed in, as far as the server can tell.
private struct Browser {
    let server: RunningServer
    let cookie: String

    /// Signs in.
    init(_ server: RunningServer, token: String) async throws {
        let answer = try await server.ask("POST", "/console/sign-in", body: "token=\(token)&next=%2Fconsole%2Fmodels")
        try #require(answer.status == 303 && answer["Location"] == "/console/models", "\(answer.text)")
        let field = try #require(answer["Set-Cookie"])
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] { #expect(field.contains(part)) }
        #expect(!field.contains(token))
        cookie = String(field.prefix { $0 != ";" })
        self.server = server
    }

    func get(_ path: String) async throws -> RawConnection.Answer {
        try await server.ask("GET", path, ["Cookie": "other=1; \(cookie)"])
    }

    func post(
        _ path: String, _ fields: String, key: String? = nil, _ header: [String: String] = [:]
    ) async throws -> RawConnection.Answer {
        let key = if let key { key } else { try await self.key() }
        return try await server.ask(
            "POST", path, ["Cookie": cookie].merging(header) { $1 }, body: "\(fields)&key=\(key)")
    }

    /// What the forms of this session send.
    func key() async throws -> String {
        let page = try await get("/console/jobs").text
        return String(try #require(page.firstMatch(of: /name="key" value="([0-9a-f]{64})"/)).1)
    }
}

@Suite("Sessions and forms of the console")
struct SessionTests {
    @Test("a session stands for its token on pages, nowhere else, until it ends or the token is revoked")
    func sessions() async throws {
        let models = try await ServedModels()
        let token = try models.registry.addToken(name: "person", scope: .write).secret
        try await RunningServer.run(models.registry) { server in
            for wrong in ["hf_wrong", "", "%00"] {
                let answer = try await server.ask("POST", "/console/sign-in", body: "token=\(wrong)")
                #expect((answer.status == 403 || answer.status == 400) && answer["Set-Cookie"] == nil, "\(wrong)")
            }
            let browser = try await Browser(server, token: token)
            let other = try await Browser(server, token: token)
            #expect(browser.cookie != other.cookie)
            let page = try await browser.get("/")
            #expect(page.status == 200 && page.text.contains("person") && page.text.contains("Sign out"))
            // Browsers send cookies whoever asks them to: they are worth nothing to the API.
            for path in ["/v1/models", "/api/models", "/Acme/tuned/resolve/main/config.json", "/metrics"] {
                #expect(try await browser.get(path).status == 401, "\(path)")
            }
            let put = try await server.ask(
                "PUT", "/v1/models/Acme/tuned/tags/x", ["Cookie": browser.cookie], body: #"{"version": "v1"}"#)
            #expect(put.status == 401)
            #expect(
                try await server.ask("GET", "/", ["Cookie": "deltaic_session=\(String(repeating: "0", count: 64))"])
                    .status == 303)
            let out = try await browser.post("/console/sign-out", "")
            #expect(out.status == 303 && out["Set-Cookie"]?.contains("Max-Age=0") == true)
            #expect(try await browser.get("/").status == 303)
            #expect(try await other.get("/").status == 200)
            _ = try models.registry.revokeToken(named: "person")
            #expect(try await other.get("/").status == 303)
            // Another token of the same name is another one.
            _ = try models.registry.addToken(name: "person", scope: .admin)
            #expect(try await other.get("/").status == 303)
            let log = try server.logText()
            #expect(!log.contains(token.dropFirst(3)) && !log.contains(browser.cookie.dropFirst(20)))
        }
    }

    @Test("after signing in, a browser is sent to pages of the console only")
    func next() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            for (next, place) in [
                ("/console/models/Acme/tuned?x=1", "/console/models/Acme/tuned?x=1"), ("/", "/"),
                ("https://e.org/", "/"),
                ("//e.org", "/"), ("/\\e.org", "/"), ("/console/\\e.org", "/"), ("/consolex", "/"),
                ("/console/../v1/models", "/"),
                ("/console/%2E./x", "/"), ("/v1/models", "/"),
                ("/console/sign-in?next=x", "/"), ("/console/a\r\nSet-Cookie: x=1", "/"), ("javascript:alert(1)", "/"),
            ] {
                let answer = try await server.ask(
                    "POST", "/console/sign-in", body: "token=\(models.reader)&next=\(PathSegments.encode(next))")
                #expect(answer.status == 303 && answer["Location"] == place, "\(next): \(answer["Location"] ?? "")")
            }
        }
        try await RunningServer.run(models.registry, { $0.publicURL = "https://models.example.org" }) { server in
            let answer = try await server.ask("POST", "/console/sign-in", body: "token=\(models.reader)")
            #expect(answer["Set-Cookie"]?.contains("; Secure") == true)
        }
    }

    /// Every form, with fields that would do something, and the least scope that may send it.
    static let forms: [(path: String, fields: String, scope: TokenScope, isOfNamespace: Bool)] = [
        ("/console/models/Acme/tuned/tag", "tag=next&version=v1", .write, true),
        ("/console/models/Acme/tuned/untag", "tag=prod", .write, true),
        ("/console/models/Acme/tuned/remove", "reference=Acme%2Ftuned%40v1", .write, true),
        ("/console/tasks/set", "task=new&description=x", .write, false),
        ("/console/garbage/collect", "", .admin, false), ("/console/jobs/compress", "", .write, false),
        ("/console/jobs/import", "model=a&from=http://127.0.0.1:1", .write, true),
    ]

    /// What any of the forms would change.
    private func state(_ models: ServedModels) throws -> [String] {
        try models.registry.list().map { "\($0.latest.reference) \($0.latest.tags)" }
            + models.registry.tasks().map(\.name)
    }

    @Test("a form needs a session, its key, and a page of this server; without one of them nothing changes")
    func crossSite() async throws {
        let models = try await ServedModels()
        let before = try state(models)
        let token = try models.token(.admin)
        try await RunningServer.run(models.registry) { server in
            let browser = try await Browser(server, token: token)
            let stranger = try await Browser(server, token: token)
            for form in Self.forms {
                let key = try await stranger.key()
                for (answer, what) in [
                    (try await browser.post(form.path, form.fields, key: ""), "no key"),
                    (
                        try await browser.post(form.path, form.fields, key: String(repeating: "0", count: 64)),
                        "a wrong key"
                    ),
                    (try await browser.post(form.path, form.fields, key: key), "the key of another session"),
                    (try await browser.post(form.path, form.fields, ["Sec-Fetch-Site": "cross-site"]), "another site"),
                    (try await browser.post(form.path, form.fields, ["Sec-Fetch-Site": "same-site"]), "a sibling"),
                    (try await browser.post(form.path, form.fields, ["Origin": "https://e.org"]), "another origin"),
                    (try await browser.post(form.path, form.fields, ["Origin": "null"]), "no origin"),
                    (
                        try await server.ask("POST", form.path, token: token, body: form.fields),
                        "a token without a session"
                    ),
                    (
                        try await server.ask("POST", form.path, token: token, body: "\(form.fields)&key=\(key)"),
                        "no session"
                    ),
                ] {
                    #expect(answer.status == 403, "\(form.path) with \(what): \(answer.status)")
                }
                let nobody = try await server.ask("POST", form.path, body: form.fields)
                #expect(nobody.status == 303 && nobody["Location"]?.hasPrefix("/console/sign-in") == true)
                #expect(try await browser.get(form.path).status != 200)
            }
            #expect(try state(models) == before)
            // The API too: a browser that was once given a name and a password sends them for any site.
            for header in [["Origin": "https://e.org"], ["Sec-Fetch-Site": "cross-site"]] {
                for (method, path, body) in [
                    ("PUT", "/v1/models/Acme/tuned/tags/x", #"{"version": "v1"}"#),
                    ("POST", "/api/repos/delete", #"{"name": "Acme/tuned"}"#),
                    ("DELETE", "/v1/models/Acme/tuned/tags/prod", ""),
                ] {
                    #expect(
                        try await server.ask(method, path, token: token, header, body: body).status == 403, "\(path)")
                }
            }
            #expect(try state(models) == before)
            // The host is called "test" by these clients.
            for header in [
                ["Origin": "http://test"], ["Origin": "https://test:443"], ["Sec-Fetch-Site": "same-origin"],
            ] {
                let answer = try await browser.post(
                    "/console/models/Acme/tuned/tag", "tag=next&version=v1", header)
                #expect(answer.status == 303 && answer["Location"] == "/console/models/Acme/tuned?done=tagged")
            }
        }
    }

    @Test(
        "a form is for those whose token has its scope, and shown to nobody else",
        arguments: [TokenScope.read, .write, .admin], [nil, "Acme", "other"])
    func scopes(scope: TokenScope, namespace: String?) async throws {
        let models = try await ServedModels()
        let token = try models.token(scope, namespace: namespace)
        try await RunningServer.run(models.registry) { server in
            let browser = try await Browser(server, token: token)
            for form in Self.forms {
                let isAllowed = scope >= form.scope && (namespace == nil || (form.isOfNamespace && namespace == "Acme"))
                let answer = try await browser.post(form.path, form.fields)
                // An import may begin for whoever may write, and is refused for where it is from.
                let isImport = form.path.hasSuffix("import")
                #expect(
                    isImport ? answer.status == 403 || answer.status == 404 : (answer.status == 303) == isAllowed,
                    "\(form.path): \(answer.status)")
                if !isAllowed { #expect([403, 404].contains(answer.status), "\(form.path): \(answer.status)") }
            }
            let page = try await browser.get("/console/models/Acme/tuned")
            #expect(!page.text.contains("action=\"/console/models/Acme/tuned/tag\"") || scope >= .write)
        }
    }

    @Test("what forms do: tags are set, moved and taken away, versions removed, tasks added, garbage collected")
    func actions() async throws {
        let models = try await ServedModels()
        try await models.register(
            try models.tuned.tuned(seed: 8).write("second", in: models.directory), "Acme/tuned")
        let token = try models.token(.admin)
        try await RunningServer.run(models.registry) { server in
            let browser = try await Browser(server, token: token)
            let path = "/console/models/Acme/tuned"
            func tags() throws -> [[String]] { try models.registry.log(of: ModelName("Acme/tuned")).map(\.tags) }
            func send(_ action: String, _ fields: String) async throws -> Int {
                try await browser.post("\(path)/\(action)", fields).status
            }
            #expect(try await send("tag", "tag=prod&version=v2") == 303)
            #expect(try tags() == [["prod"], []])
            #expect(try await browser.get("\(path)?done=tagged").text.contains("The tag is set."))
            for (action, fields, status) in [
                ("tag", "tag=&version=v1", 400), ("tag", "tag=v3&version=v1", 400), ("tag", "tag=x&version=v9", 404),
                ("untag", "tag=none", 404), ("remove", "reference=", 400), ("remove", "reference=Acme/other", 400),
                ("remove", "reference=Acme/tuned:prod", 400), ("remove", "reference=Acme/tuned@latest", 400),
                ("remove", "reference=Acme/tuned@v9", 404),
            ] {
                #expect(try await send(action, fields) == status, "\(action) \(fields)")
            }
            #expect(try tags() == [["prod"], []])
            #expect(try await send("untag", "tag=prod") == 303)
            #expect(try await send("remove", "reference=Acme%2Ftuned%40v1") == 303)
            #expect(try tags() == [[]])
            let gone = try await browser.post("\(path)/remove", "reference=Acme/tuned")
            #expect(gone.status == 303 && gone["Location"] == "/console/models?done=removed")
            #expect(try await browser.get(path).status == 404)
            #expect(try await browser.post("/console/models/tiny/remove", "reference=tiny").status == 409)
            #expect(try await browser.post("/console/tasks/set", "task=math&description=some+sums").status == 303)
            #expect(try await browser.get("/console/tasks").text.contains("some sums"))
            let collected = try await browser.post("/console/garbage/collect", "")
            #expect(
                collected.status == 303 && collected["Location"]?.hasPrefix("/console/garbage?freed=0&left=") == true)
            #expect(try await browser.get("/console/garbage").text.contains("its version was removed"))
        }
    }
}
