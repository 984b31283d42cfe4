import DeltaicCore
import HTTPTypes
import Hummingbird
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Paths, queries and revisions")
struct RoutingTests {
    func match(_ template: String, _ path: String) throws -> RoutePattern.Match? {
        RoutePattern(template).match(try #require(PathSegments(path: path)))
    }

    @Test(
        "a model's name is one segment or two, its slash escaped or not",
        arguments: [
            ("/api/models/sre", "sre"), ("/api/models/acme/sre", "acme/sre"), ("/api/models/acme%2Fsre", "acme/sre"),
        ])
    func modelNames(path: String, name: String) throws {
        #expect(try match("/api/models/{model}", path)?.values["model"] == name)
        #expect(try match("/api/models/{model}/refs", path + "/refs")?.values["model"] == name)
        let tree = try #require(try match("/api/models/{model}/tree/{revision}/{path*}", path + "/tree/main/a/b"))
        #expect(tree.values == ["model": name, "revision": "main", "path": "a/b"])
        #expect(try match("/api/models/{model}", path + "/refs/more") == nil)
    }

    @Test("a suffix of a name belongs to its last segment, and not to the name")
    func suffix() throws {
        let template = "/{model}.git/info/lfs/objects/batch"
        let two = try #require(try match(template, "/acme/sre.git/info/lfs/objects/batch"))
        #expect(two.values["model"] == "acme/sre" && two.model == 0..<2)
        let one = try #require(try match(template, "/sre.git/info/lfs/objects/batch"))
        #expect(one.values["model"] == "sre" && one.model == 0..<1)
        #expect(try match(template, "/acme/sre/info/lfs/objects/batch") == nil)
    }

    @Test("an escaped slash stays in its part, a plus stays a plus, and literals are not decoded")
    func escapes() throws {
        let tree = try #require(try match("/api/models/{model}/tree/{revision}", "/api/models/a/tree/feature%2Fx+y"))
        #expect(tree.values["revision"] == "feature/x+y")
        let file = try #require(try match("/{model}/resolve/{revision}/{path*}", "/a/resolve/main/x%20y/1+1%25.txt"))
        #expect(file.values["path"] == "x y/1+1%.txt")
        #expect(try match("/api/models/{model}", "/%61pi/models/a") == nil)
        #expect(PathSegments(path: "/a/%zz") == nil && PathSegments(path: "/a/%ff") == nil)
        #expect(PathSegments(path: "/a/%00") == nil && PathSegments(path: "/%") == nil)
    }

    @Test("what is encoded for a path is decoded to what it was")
    func encoding() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            let text = String(
                String.UnicodeScalarView(
                    (0..<random.next() % 12 + 1).compactMap { _ in
                        Unicode.Scalar(UInt32(random.next() % (random.next() % 2 == 0 ? 0x7f : 0x2fff) + 1))
                    }))
            let encoded = PathSegments.encode(text)
            #expect(encoded.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") })
            #expect(try #require(PathSegments(path: "/" + encoded)).decoded == [text], "seed 11: \(encoded)")
            let pair = QueryParameters(QueryParameters.encode(text, text)).pairs
            #expect(pair.count == 1 && pair[0].name == text && pair[0].value == text, "seed 11: \(encoded)")
        }
        #expect(PathSegments.encodePath("a b/c#d") == "a%20b/c%23d")
    }

    @Test("a query has repeated names, lists in brackets, spaces as plus, and broken escapes as they are")
    func query() {
        let query = QueryParameters("a=1&b&c=x+y%2B&a=%zz&d[]=1&d%5B%5D=2&=&&e=f=g")
        #expect(query.values("a") == ["1", "%zz"])
        #expect(query.values("b") == [""] && query.values("none").isEmpty)
        #expect(query.values("c") == ["x y+"] && query.values("d") == ["1", "2"] && query.values("e") == ["f=g"])
        #expect(QueryParameters("").pairs.isEmpty)
    }

    private let table = RouteTable(
        routes: [
            Route(.get, "/a/{model}", .nothing) { _ in Response(status: .ok) },
            Route(.put, "/a/{model}", .token) { _ in Response(status: .ok) },
            Route(.post, "/b", .writeEverything) { _ in Response(status: .ok) },
            Route(.get, "/c/{x}", .nothing) { _ in Response(status: .ok) },
            Route(.head, "/c/{x*}", .token) { _ in Response(status: .ok) },
        ])

    private func outcome(_ method: HTTPRequest.Method, _ path: String) throws -> String {
        switch table.find(method, try #require(PathSegments(path: path))) {
        case .found(let route, _): "\(route.method) \(route.pattern.template)"
        case .otherMethods(let methods): methods.map(\.rawValue).sorted().joined(separator: ",")
        case .unknown: "unknown"
        }
    }

    @Test("a method finds its route, HEAD that of GET, others what there is instead")
    func methods() throws {
        #expect(try outcome(.get, "/a/x") == "GET /a/{model}")
        #expect(try outcome(.head, "/a/x/y") == "GET /a/{model}")
        #expect(try outcome(.put, "/a/x") == "PUT /a/{model}")
        #expect(try outcome(.delete, "/a/x") == "GET,HEAD,PUT")
        #expect(try outcome(.head, "/b") == "POST" && outcome(.get, "/b") == "POST")
        #expect(try outcome(.head, "/c/1") == "HEAD /c/{x*}")
        for path in ["/", "/a", "/a/x/y/z", "/d", "/A/x"] { #expect(try outcome(.get, path) == "unknown", "\(path)") }
    }

    @Test("a revision is the newest version, a number, a commit id or a tag, by short name or full")
    func revisions() throws {
        let model = try ModelName("acme/sre")
        let commit = String(repeating: "0aF", count: 13) + "b"
        let expected: [(String, VersionReference.Selector)] = [
            ("main", .latest), ("latest", .latest), ("HEAD", .latest), ("refs/heads/main", .latest),
            ("v1", .number(1)), ("refs/tags/v12", .number(12)), ("prod", .revision("prod")),
            ("refs/tags/prod", .revision("prod")), ("feature/x", .revision("feature/x")),
            (commit, .commit(commit.lowercased())), ("v1a", .revision("v1a")), ("v", .revision("v")),
            ("1", .revision("1")),
        ]
        for (text, selector) in expected {
            let reference = try RevisionName(text, prefersNumbers: true).reference(to: model)
            #expect(reference.selector == selector && reference.model == model, "\(text)")
        }
        #expect(try RevisionName("v1").reference(to: model).selector == .revision("v1"))
        for text in ["", "v0", "v99999999999999999999", "a b", "feature//x", "/x", "..", "é", commit + "/"] {
            let error = #expect(throws: ServerError.self, "\(text)") {
                try RevisionName(text, prefersNumbers: true).reference(to: model)
            }
            #expect(error?.status == .notFound && error?.code == "RevisionNotFound")
        }
    }
}
