import Foundation
import FoundationXML
import TestSupport
import Testing

/// Pictures and pages that commands write.
@Suite struct PictureCommandTests {
    private func text(_ path: String, in workspace: Workspace) throws -> String {
        String(decoding: try FolderContents.bytes(of: workspace.directory.path(path)), as: UTF8.self)
    }

    private func isXML(_ text: String) -> Bool { XMLParser(data: Data(text.utf8)).parse() }

    @Test("diff and savings write a picture beside their result, which stays what it was")
    func plots() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let (left, right) = ("tiny", "org/tuned")
        let plain = try await workspace.succeed("diff", left, right)
        let plotted = try await workspace.succeed("diff", left, right, "--plot", "d.svg")
        #expect(plotted.output == plain.output && plotted.errors.contains("wrote d.svg"))
        let difference = try text("d.svg", in: workspace)
        #expect(isXML(difference))
        // Two layers with one projection, as change and as bytes.
        #expect(difference.components(separatedBy: "<g class=\"heat").count == 5)
        let count = try await workspace.json("diff", left, right)["tensors"].array.reduce(0) {
            $0 + ($1["changed"].integer ?? 0)
        }
        #expect(count > 0 && difference.contains("linear: "))

        for arguments in [["savings"], ["savings", "--by", "codec"], ["savings", "--by", "model", "--json"]] {
            let plain = try await workspace.deltaic.run(arguments)
            let plotted = try await workspace.deltaic.run(arguments + ["--plot", "s.svg"])
            #expect(plotted.status == 0 && plotted.output == plain.output, "\(arguments)")
            let savings = try text("s.svg", in: workspace)
            #expect(isXML(savings) && savings.contains("Registered and kept by task") && savings.contains(">math<"))
        }
    }

    @Test(
        "a picture that cannot be written is an error that names the file, and one of another kind is refused at once")
    func refused() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let png = try await workspace.deltaic.run(["savings", "--plot", "s.png"])
        #expect(png.status == 64 && png.errors.contains("s.png") && png.errors.contains(".svg"))
        let nowhere = try await workspace.deltaic.run(["savings", "--plot", "none/s.svg"])
        #expect(nowhere.status == 6 && nowhere.errors.contains("none/s.svg"))
        #expect(!FileManager.default.fileExists(atPath: workspace.directory.path("s.png")))
    }

    @Test("report writes one page with everything of a version, which refers to nothing else")
    func report() async throws {
        let workspace = try await Workspace()
        let (_, tuned) = try await workspace.addPair()
        try workspace.directory.write("tuned/README.md", "# A card\n![x](https://example.org/x.png)\n".utf8)
        try await workspace.succeed(
            "register", workspace.directory.path("tuned"), "--name", "org/tuned", "--base", "tiny", "--task", "math")
        try await workspace.succeed("evaluate", "org/tuned", "--command", "echo 0.75")
        let written = try await workspace.succeed("report", "org/tuned", "--output", "r.html")
        #expect(written.output.hasPrefix("wrote r.html: org/tuned@v2, "))
        let page = try text("r.html", in: workspace)
        let details = try await workspace.json("show", "org/tuned")
        for part in [
            details["version"]["commit"].string ?? "no commit", "A card", "echo 0.75", "Against tiny@v1", "tiny@v1",
        ] + tuned.tensors.map(\.name) {
            #expect(page.contains(part), "\(part)")
        }
        #expect(page.components(separatedBy: "<g class=\"heat").count == 7)
        for part in ["<script", "<link rel=\"stylesheet\"", "src=", "<form", "href=\"/"] {
            #expect(!page.contains(part), "\(part)")
        }
        #expect(page.contains("Content-Security-Policy"))
        let standard = try await workspace.succeed("report", "org/tuned@v1")
        #expect(standard.output.hasPrefix("<!DOCTYPE html>") && standard.output.contains("org/tuned@v1 - Deltaic"))
        let none = try await workspace.deltaic.run(["report", "none"])
        #expect(none.status == 2 && none.output.isEmpty)
        #expect(try await workspace.deltaic.run(["report", "org/tuned", "--json"]).status == 64)
        // A base has no delta, and is reported all the same.
        let base = try await workspace.succeed("report", "tiny").output
        #expect(base.contains("It has no base") && base.contains("What each layer costs"))
        #expect(!base.contains("How much weights changed") && page.contains("How much weights changed"))
    }
}
