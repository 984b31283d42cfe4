internal import DeltaicCore
internal import TestSupport
internal import Testing

@Suite("Model names")
struct ModelNameTests {
    @Test(
        "names that the Hub accepts are accepted",
        arguments: [
            "a", "_", "bert-base-uncased", "org/model", "Org_1/model.v2", "0/1", "a.b-c_d", "x.gitx",
            String(repeating: "a", count: 96),
        ])
    func accepted(text: String) throws {
        let name = try ModelName(text)
        #expect(name.description == text)
        #expect(name.namespace == (text.contains("/") ? text.split(separator: "/").first.map { String($0) } : nil))
    }

    @Test(
        "other names are refused",
        arguments: [
            "", "/", "a/", "/a", "a/b/c", "-a", "a-", ".a", "a.", "a--b", "a..b", "a/../b", "..", ".", "a.git", "a.GIT",
            "a b", "a\nb", "a\0", "ä", "a\\b", "a:b", "a@b", "~", "a/b.git", String(repeating: "a", count: 97), "é",
        ])
    func refused(text: String) throws {
        let error = try #require(throws: DeltaicError.self) { try ModelName(text) }
        #expect(error.code == .invalidName)
        try Evidence.record(family: 12, "names of models", tried: 1, outcomes: ["refused": 1])
    }
}

@Suite("Version references")
struct VersionReferenceTests {
    @Test(
        "a reference names the newest, a number, a commit or a tag",
        arguments: [
            ("m", .latest), ("org/m", .latest), ("m:latest", .latest), ("m:main", .latest), ("m@v2", .number(2)),
            ("m@2", .number(2)), ("m@v1234567", .number(1_234_567)), ("m@123456", .number(123_456)),
            ("m@1234567", .commit("1234567")), ("m@1f0c9ab", .commit("1f0c9ab")),
            ("m@" + String(repeating: "a", count: 40), .commit(String(repeating: "a", count: 40))),
            ("m:prod", .tag("prod")), ("m:v1.0", .tag("v1.0")), ("org/m:a-b_c", .tag("a-b_c")),
        ] as [(String, VersionReference.Selector)])
    func accepted(text: String, selector: VersionReference.Selector) throws {
        let reference = try VersionReference(text)
        #expect(reference.selector == selector)
        #expect(try VersionReference(reference.description) == reference)
    }

    @Test(
        "other references are refused",
        arguments: [
            "", "@v1", ":prod", "m@", "m:", "m@v0", "m@0", "m@-1", "m@v-1", "m@+5", "m@v+5", "m@1f0c9a", "m@1F0C9AB",
            "m@xyz", "m@v", "m@v1.5", "m@" + String(repeating: "a", count: 41), "m:-a", "m:a b", "m:a/b", "m:..",
            "m:a@v1", "m@v1:a", "m@v99999999999999999999", "m:" + String(repeating: "a", count: 129),
        ])
    func refused(text: String) throws {
        let error = try #require(throws: DeltaicError.self) { try VersionReference(text) }
        #expect(error.code == .invalidName, "\(error)")
        try Evidence.record(family: 12, "names of versions and tags", tried: 1, outcomes: ["refused": 1])
    }
}
