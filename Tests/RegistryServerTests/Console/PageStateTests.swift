import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

/// Pages of what is not as it usually is.
@Suite("Pages of the unusual")
struct PageStateTests {
    /// A page, when what takes a moment to find out is known.
    private func page(_ path: String, _ server: RunningServer, _ token: String) async throws -> RawConnection.Answer {
        var answer = try await server.ask("GET", path, token: token)
        #expect(
            try await becomesTrue(within: 180) {
                answer = try await server.ask("GET", path, token: token)
                return !answer.text.contains("data-again")
            }, "\(path) does not come to know what it shows")
        return answer
    }

    @Test("a damaged pack or card takes away its part of a page, not the page")
    func damaged() async throws {
        let models = try await ServedModels()
        let folder = try models.tuned.tuned(seed: 9).write("carded", in: models.directory)
        try models.directory.write("carded/README.md", "# A card that nobody else has\n".utf8)
        try await models.register(folder, "Acme/carded")
        try FileManager.default.removeItem(atPath: try models.pack(of: "Acme/carded"))
        try await RunningServer.run(models.registry) { server in
            let model = try await server.ask("GET", "/console/models/Acme/carded", token: models.reader)
            #expect(
                model.status == 200 && model.text.contains("The card cannot be read") && model.text.contains("Lineage"))
            let version = try await page("/console/models/Acme/carded/versions/v1", server, models.reader)
            #expect(version.status == 200 && version.text.contains("Its pack cannot be read"))
            #expect(version.text.contains("could not be measured") && version.text.contains("Bytes stored"))
            for page in [model, version] { #expect(!page.text.contains(models.directory.path)) }
        }
    }

    @Test("a model without weights, a tensor that became infinite, and names of layers without end are shown")
    func extremes() async throws {
        let models = try await ServedModels()
        _ = try await models.registry.createModel(ModelName("text"))
        var base = SyntheticModel(seed: 1)
        base.tensors.append(.init(name: "layer.0.big.weight", shape: [4], values: [-2e38, 1, 2, 3]))
        _ = try await models.registry.addBase(
            try base.write("huge", in: models.directory), as: Registration(name: ModelName("huge")))
        var tuned = base
        tuned.tensors[tuned.tensors.count - 1].values = [1.2e38, .infinity, .nan, 3]
        _ = try await models.registry.register(
            try tuned.write("huger", in: models.directory),
            as: Registration(name: ModelName("Acme/huger"), base: VersionReference("huge")))
        var wide = SyntheticModel(seed: 2, layers: 0)
        for index in 0..<300 {
            wide.tensors.append(.init(name: "l.\(index).p\(index)x.weight", shape: [1], values: [1]))
        }
        _ = try await models.registry.addBase(
            try wide.write("wide", in: models.directory), as: Registration(name: ModelName("wide")))
        try await RunningServer.run(models.registry) { server in
            for path in [
                "/console/models/text", "/console/models/text/versions/v1", "/console/models/Acme/huger/versions/v1",
                "/console/compare?left=huge&right=Acme/huger", "/console/models/wide/versions/v1",
            ] {
                let answer = try await page(path, server, models.reader)
                #expect(answer.status == 200 && answer.body.count < 2 << 20, "\(path): \(answer.status)")
                #expect(!answer.text.contains("nan") && !answer.text.contains("could not be measured"), "\(path)")
            }
            let diff = try await server.ask("GET", "/v1/diff?left=huge&right=Acme/huger", token: models.reader)
            let histogram = try #require(
                try diff.json()["histograms"].array.first {
                    $0["tensorClass"].string == "linear" || $0["notFinite"].integer == 2
                })
            #expect(diff.status == 200 && histogram["notFinite"].integer != nil)
        }
    }

    @Test("a comparison of a version that is pending is made anew when it is compressed")
    func pending() async throws {
        let models = try await ServedModels()
        let token = try models.token(.write)
        try await RunningServer.run(models.registry) { server in
            func kinds() async throws -> Set<String> {
                let answer = try await server.ask("GET", "/v1/diff?left=tiny&right=Acme/pushed", token: models.reader)
                return Set(try answer.json()["tensors"].array.compactMap { $0["kind"].string })
            }
            let made = try await server.ask(
                "POST", "/api/repos/create", token: token, body: #"{"name": "pushed", "organization": "Acme"}"#)
            #expect(made.status == 200)
            let file = models.tuned.tuned(seed: 4).builder.bytes()
            let line =
                #"{"key": "file", "value": {"path": "model.safetensors", "encoding": "base64", "content": "\#(Data(file).base64EncodedString())"}}"#
            let commit = try await server.ask(
                "POST", "/api/models/Acme/pushed/commit/main", token: token, ["Content-Type": "application/x-ndjson"],
                body: #"{"key": "header", "value": {"summary": "push"}}"# + "\n" + line + "\n")
            #expect(commit.status == 200, "\(commit.text)")
            let page = try await server.ask("GET", "/console/models/Acme/pushed/versions/main", token: models.reader)
            #expect(page.status == 200)
            _ = try await kinds()
            #expect(try await becomesTrue(within: 180) { try models.registry.pendingVersions().isEmpty })
            #expect(try await kinds().contains("changed"))
        }
    }

    @Test("versions on a branch are marked, and are not what the model is")
    func branches() async throws {
        let models = try await ServedModels()
        let token = try models.token(.write)
        try await RunningServer.run(models.registry) { server in
            let branch = try await server.ask("POST", "/api/models/Acme/tuned/branch/dev", token: token, body: "{}")
            #expect((200..<300).contains(branch.status), "\(branch.text)")
            let commit = try await server.ask(
                "POST", "/api/models/Acme/tuned/commit/dev", token: token, ["Content-Type": "application/x-ndjson"],
                body: #"{"key": "header", "value": {"summary": "on dev"}}"# + "\n"
                    + #"{"key": "file", "value": {"path": "dev.txt", "encoding": "base64", "content": "eA=="}}"# + "\n")
            #expect(commit.status == 200, "\(commit.text)")
            let page = try await server.ask("GET", "/console/models/Acme/tuned", token: models.reader).text
            #expect(page.components(separatedBy: "on a branch").count == 2)
            #expect(page.contains("Files of Acme/tuned@v1") && !page.contains("dev.txt"))
            let version = try await server.ask("GET", "/console/models/Acme/tuned/versions/dev", token: models.reader)
            #expect(version.status == 200 && version.text.contains("dev.txt"))
        }
    }

    @Test("lineage draws each version from its own base, and nothing of a base that may not be seen but its name")
    func lineage() async throws {
        let models = try await ServedModels()
        let other = SyntheticModel(seed: 40)
        _ = try await models.registry.addBase(
            try other.write("other-base", in: models.directory), as: Registration(name: ModelName("second")))
        _ = try await models.registry.register(
            try other.tuned(seed: 41).write("v2", in: models.directory),
            as: Registration(name: ModelName("Acme/tuned"), base: VersionReference("second")))
        let own = try models.token(.read, namespace: "Acme")
        try await RunningServer.run(models.registry) { server in
            let page = try await server.ask("GET", "/console/models/Acme/tuned", token: models.reader).text
            // Two bases, two versions, and a line to each version from another place.
            let lines = page.matches(of: /class="edge" d="M([0-9.]+) ([0-9.]+)C/).map { "\($0.1) \($0.2)" }
            #expect(lines.count == 2 && Set(lines).count == 2)
            let narrow = try await server.ask("GET", "/console/models/Acme/tuned", token: own).text
            #expect(narrow.contains("tiny@v1") && narrow.contains("second@v1"))
            for base in ["tiny", "second"] {
                let kept = try models.registry.describe(VersionReference(base)).version.storedBytes
                #expect(!narrow.contains("base, \(ByteFormat.text(kept)) kept"), "\(base)")
            }
        }
    }
}
