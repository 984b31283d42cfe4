internal import DeltaicCore
internal import TensorFiles
internal import TestSupport
internal import Testing

@Suite("Paths of files")
struct FileNamesTests {
    @Test(
        "ordinary paths are accepted",
        arguments: [
            "a", "model.safetensors", "1_Pooling/config.json", ".gitattributes", "a:b", "..a", "a..", "...", "é/ü", "-",
            "a b",
            String(repeating: "x", count: 255), "x.git", "~",
        ])
    func accepted(path: String) throws {
        try FileNames.check(path)
    }

    @Test(
        "unsafe paths are refused",
        arguments: [
            "", "/", "/etc/passwd", "../a", "a/../b", "a/..", ".", "./a", "a//b", "a/", "a\\b", "..\\a", "a\0b", "a\nb",
            "a\u{7f}", "a\u{85}b", ".git", ".git/hooks/post-checkout", "a/.GIT/b", String(repeating: "x", count: 256),
            String(repeating: "é", count: 128), String(repeating: "a/", count: 128) + "a",
            String(repeating: "abcdefgh/", count: 500),
        ])
    func refused(path: String) throws {
        let code = refusal { try FileNames.check(path) }?.code
        #expect(code == .unsafePath)
        try Evidence.record(
            family: 12, "paths of files", tried: 1, outcomes: [code == nil ? "wrong" : "refused": 1])
    }

    @Test("the error shows control characters escaped")
    func escaped() {
        #expect(refusal { try FileNames.check("a\nb") }?.places == [#""a\nb""#])
    }

    @Test("files in different folders may have the same name")
    func sameNameElsewhere() throws {
        try FileNames.checkTogether(["a/x", "b/x", "x", "a/y", "ab"])
    }

    @Test(
        "paths that are one on some systems are refused, naming both",
        arguments: [
            ["README.md", "readme.md"], ["\u{e9}", "e\u{301}"], ["\u{c9}/a", "e\u{301}/b"], ["A/x", "a/y"],
            ["a", "A/b"],
            ["a/b", "a"], ["a", "a/b"], ["a", "a"], ["stra\u{df}e", "STRASSE"],
        ])
    func collisions(paths: [String]) {
        let error = refusal { try FileNames.checkTogether(paths) }
        #expect(error?.code == .collidingPaths)
        #expect(error?.places.first?.contains(" and ") == true)
    }
}
