import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("The console")
struct ConsoleTests {
    static let pages = [
        "/", "/console/models", "/console/models?search=tuned&sort=stored", "/console/models/Acme/tuned",
        "/console/models/Acme/tuned/versions/v1", "/console/models/Acme/tuned/versions/prod",
        "/console/compare", "/console/compare?left=tiny&right=Acme/tuned", "/console/bases", "/console/tasks",
        "/console/packs",
        "/console/garbage", "/console/jobs",
    ]

    @Test("every page answers with a document that may ask for nothing else, and HEAD with its head")
    func pages() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            for path in Self.pages {
                let answer = try await server.ask("GET", path, token: models.reader)
                #expect(answer.status == 200, "\(path): \(answer.text)")
                #expect(answer["Content-Type"] == "text/html; charset=utf-8" && answer["Cache-Control"] == "no-store")
                let policy = answer["Content-Security-Policy"] ?? ""
                for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"]
                {
                    #expect(policy.contains(part), "\(path)")
                }
                #expect(!policy.contains("unsafe"))
                #expect(answer.text.hasPrefix("<!DOCTYPE html>") && answer.text.hasSuffix("</html>\n"))
                let shown = answer.text.firstMatch(of: /&lt;[a-z\/].{0,80}/)?.output
                #expect(shown == nil, "\(path) shows markup")
                let head = try await server.ask("HEAD", path, token: models.reader)
                #expect(head.status == 200 && head.body.isEmpty, "\(path)")
            }
            for (path, type) in [("css", "text/css"), ("js", "text/javascript")] {
                let asset = try await server.ask("GET", "/console/assets/console.\(path)")
                #expect(asset.status == 200 && asset["Content-Type"]?.hasPrefix(type) == true && !asset.body.isEmpty)
            }
        }
    }

    @Test("pages say what the registry says")
    func content() async throws {
        let models = try await ServedModels()
        let details = try models.registry.describe(VersionReference("Acme/tuned"))
        try await RunningServer.run(models.registry) { server in
            /// What takes a moment to find out is waited for, as a browser does.
            func page(_ path: String) async throws -> String {
                var text = ""
                #expect(
                    try await becomesTrue(within: 180) {
                        text = try await server.ask("GET", path, token: models.reader).text
                        return !text.contains("data-again")
                    }, "\(path) does not come to know what it shows")
                return text
            }
            let version = try await page("/console/models/Acme/tuned/versions/v1")
            #expect(version.contains(details.version.commit.hex))
            for tensor in details.tensors { #expect(version.contains(tensor.name), "\(tensor.name)") }
            for file in details.files { #expect(version.contains(file.sha256.short)) }
            #expect(version.contains(ByteFormat.text(details.version.storedBytes)))
            // Measured, and drawn: two layers with one projection each, in three pictures.
            #expect(
                version.contains("Against tiny@v1") && version.components(separatedBy: "<g class=\"heat").count == 7)
            #expect(try models.registry.knownProfile(of: VersionReference("Acme/tuned")) != nil)
            let overview = try await page("/")
            let total = try models.registry.savings()
            #expect(overview.contains(ByteFormat.text(total.storedBytes)))
            #expect(overview.contains(NumberFormat.ratio(total.rawBytes, to: total.storedBytes)))
            #expect(try await page("/console/models/Acme/tuned").contains("<span class=\"tag\">prod</span>"))
            #expect(try await page("/console/models?search=secret").contains("other/secret"))
            #expect(try await page("/console/models?search=secret").contains("Acme/tuned<") == false)
            #expect(try await page("/console/models?base=nothing").contains("There are none"))
            #expect(
                try await page("/console/compare?left=tiny&right=tiny").contains("No weight that both have differs"))
            #expect(
                try await becomesTrue(within: 180) { try await page("/").contains("none stands near an older base") },
                "possible savings are not looked for")
        }
    }

    @Test("what is not there, or not understood, is told on a page; without a token the way leads to signing in")
    func failures() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            for (path, status) in [
                ("/console/models/none", 404), ("/console/models/Acme/tuned/versions/v9", 404),
                ("/console/models/a--b", 404), ("/console/packs/00000000", 404), ("/console/models?sort=x", 400),
                ("/console/models?cursor=x", 400), ("/console/models?base=a--b", 400),
                ("/console/compare?left=none&right=tiny", 404), ("/console/compare?left=a--b&right=tiny", 400),
                ("/console/models/Acme/tuned/versions/v1/files/none", 404), ("/console/packs?offset=-1", 400),
                ("/console/models/acme/TUNED", 303),
            ] {
                let answer = try await server.ask("GET", path, token: models.reader)
                #expect(answer.status == status, "\(path): \(answer.status)")
                if status != 303 {
                    #expect(answer["Content-Type"] == "text/html; charset=utf-8", "\(path)")
                    #expect(!answer.text.contains(models.directory.path), "\(path)")
                }
            }
            for path in Self.pages {
                let answer = try await server.ask("GET", path)
                let next = path == "/" ? "/console/sign-in" : "/console/sign-in?next=\(PathSegments.encode(path))"
                #expect(answer.status == 303 && answer["Location"] == next, "\(path): \(answer["Location"] ?? "")")
                #expect(answer["WWW-Authenticate"] == nil)
            }
            #expect(try await server.ask("GET", "/console/sign-in").status == 200)
            #expect(try await server.ask("GET", "/console/models", token: "hf_wrong").status == 401)
        }
        try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = true }) { server in
            for path in Self.pages {
                let answer = try await server.ask("GET", path)
                #expect(answer.status == 200, "\(path)")
            }
        }
    }

    @Test("the pages that Hub clients print lead to the console, in a browser only")
    func hubPages() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            for (path, page) in [
                ("/Acme/tuned", "/console/models/Acme/tuned"), ("/tiny", "/console/models/tiny"),
                ("/Acme/tuned/tree/main", "/console/models/Acme/tuned/versions/main"),
                (
                    "/Acme/tuned/commit/0123456789abcdef0123456789abcdef01234567",
                    "/console/models/Acme/tuned/versions/0123456789abcdef0123456789abcdef01234567"
                ),
            ] {
                let answer = try await server.ask("GET", path, ["Accept": "text/html,*/*"])
                #expect(answer.status == 303 && answer["Location"] == page, "\(path)")
                #expect(try await server.ask("GET", path, token: models.reader).status == 404, "\(path)")
            }
        }
    }

    @Test("a token of a namespace sees its models on every page, and nothing that tells of others")
    func namespaces() async throws {
        let models = try await ServedModels()
        let own = try models.token(.write, namespace: "Acme")
        try await RunningServer.run(models.registry) { server in
            for path in [
                "/", "/console/models", "/console/models?search=secret", "/console/models/Acme/tuned",
                "/console/models/Acme/tuned/versions/v1", "/console/jobs", "/console/models?base=other/secret",
                "/console/compare?left=Acme/tuned&right=Acme/tuned@v1",
            ] {
                let answer = try await server.ask("GET", path, token: own)
                #expect(answer.status == 200, "\(path)")
                // What was searched for stands in the form.
                let text = answer.text.replacing("value=\"secret\"", with: "").replacing(
                    "value=\"other/secret\"", with: "")
                #expect(!text.contains("secret"), "\(path)")
            }
            for path in ["/console/bases", "/console/tasks", "/console/packs", "/console/garbage"] {
                #expect(try await server.ask("GET", path, token: own).status == 403, "\(path)")
            }
            for path in [
                "/console/models/M", "/console/models/M/versions/v1", "/console/models/M/versions/v1/files/config.json",
                "/console/compare?left=M&right=Acme/tuned",
            ] {
                var texts: Set<String> = []
                for name in ["other/secret", "other/none", "tiny"] {
                    let answer = try await server.ask(
                        "GET", path.replacing("M", with: name, maxReplacements: 1), token: own)
                    #expect(answer.status == 404, "\(path) \(name)")
                    texts.insert(answer.text.replacing(name, with: "M"))
                }
                #expect(texts.count == 1, "\(path): the answer tells which models there are")
            }
            // The base is a name here, and no link.
            let page = try await server.ask("GET", "/console/models/Acme/tuned", token: own).text
            #expect(page.contains("tiny@v1") && !page.contains("/console/models/tiny"))
        }
    }

    @Test("files are downloads, pictures are shown, and neither is ever a page of the server")
    func files() async throws {
        let models = try await ServedModels()
        let folder = try models.tuned.write("more", in: models.directory)
        for name in ["plot.png", "page.html", "evil.svg"] {
            try models.directory.write("more/\(name)", "<script>".utf8)
        }
        try await models.register(folder, "Acme/more")
        try await RunningServer.run(models.registry) { server in
            for (name, type, disposition) in [
                ("plot.png", "image/png", "inline"), ("page.html", "application/octet-stream", "attachment"),
                ("evil.svg", "application/octet-stream", "attachment"),
                ("config.json", "application/json", "attachment"),
            ] {
                let answer = try await server.ask(
                    "GET", "/console/models/Acme/more/versions/v1/files/\(name)", token: models.reader)
                #expect(answer.status == 200 && answer["Content-Type"] == type, "\(name)")
                #expect(answer["Content-Disposition"]?.hasPrefix(disposition) == true, "\(name)")
                #expect(answer["Content-Security-Policy"]?.contains("sandbox") == true)
                #expect(answer["X-Content-Type-Options"] == "nosniff")
            }
            let weights = try await server.ask(
                "GET", "/console/models/Acme/more/versions/v1/files/model.safetensors", token: models.reader)
            #expect(weights.body == models.file)
        }
    }

    @Test("names and texts from outside cannot become markup")
    func hostileTexts() async throws {
        let models = try await ServedModels()
        let text = #"<script>alert(1)</script>"onx='&"#
        let folder = try models.tuned.write("hostile", in: models.directory)
        try models.directory.write("hostile/\(text.replacing("/", with: "")).txt", "x".utf8)
        try models.directory.write("hostile/README.md", "---\na: \(text)\n---\n# \(text)\n".utf8)
        _ = try await models.registry.register(
            folder,
            as: Registration(
                name: ModelName("Acme/hostile"), base: VersionReference("tiny"), message: text, metadata: [text: text]))
        try await models.registry.addTask("math", description: text)
        _ = try await models.registry.evaluate(VersionReference("Acme/hostile"), command: "echo 1 # \(text)")
        try await RunningServer.run(models.registry) { server in
            for path in [
                "/console/models/Acme/hostile", "/console/models/Acme/hostile/versions/v1", "/console/tasks",
                "/console/models?search=\(PathSegments.encode(text))&task=\(PathSegments.encode(text))",
                "/console/compare?left=\(PathSegments.encode(text))&right=x",
                "/console/sign-in?next=\(PathSegments.encode("/console/\(text)"))&done=\(PathSegments.encode(text))",
            ] {
                let page = try await server.ask("GET", path, token: models.reader).text
                #expect(!page.contains("<script>") && !page.contains("\"onx='"), "\(path)")
            }
        }
    }
}
