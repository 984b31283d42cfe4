internal import DeltaicCore
internal import Testing

@Suite("Errors")
struct DeltaicErrorTests {
    @Test("an error says where, what, what was expected and found, and what to do")
    func description() {
        let error = DeltaicError(
            .truncated, "it is short", at: ["b"], expected: "2", found: "1", advice: "copy it again")
        #expect("\(error.inside("a"))" == "a, b: it is short (expected 2, found 1). Copy it again")
        #expect("\(DeltaicError(.truncated, "it is short"))" == "it is short")
        #expect("\(DeltaicError(.truncated, "it is short", found: "1"))" == "it is short (found 1)")
    }

    @Test("naming adds the place to errors, and passes values on")
    func naming() throws {
        #expect(try DeltaicCore.naming("a") { 5 } == 5)
        let error = try #require(throws: DeltaicError.self) {
            try DeltaicCore.naming("a") { throw DeltaicError(.truncated, "x", at: ["b"]) }
        }
        #expect(error.places == ["a", "b"])
    }

    @Test("a full disk has a code of its own")
    func noSpace() {
        #expect(DeltaicError.systemCall("write", path: "p", errno: 28).code == .noSpace)
        #expect(DeltaicError.systemCall("write", path: "p", errno: 5).code == .ioFailure)
    }
}
