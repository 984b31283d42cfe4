import TestSupport
import Testing

@testable import RegistryServer

@Suite("Ranges and conditions of requests for content")
struct ContentConditionTests {
    @Test(
        "a range of bytes is the part of it that there is",
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=0-", 0..<10), ("bytes=3-5", 3..<6), ("bytes=9-9", 9..<10),
            ("bytes=5-100", 5..<10), ("bytes=-1", 9..<10), ("bytes=-10", 0..<10), ("bytes=-11", 0..<10),
            ("bytes=-99999999999999999999999", 0..<10), ("bytes=2-99999999999999999999999", 2..<10),
            ("Bytes = 1 - 2 ", 1..<3), ("bytes=\t1-2", 1..<3), ("bytes=0000-0001", 0..<2),
        ])
    func range(header: String, expected: Range<Int>) {
        #expect(ByteRangeRequest(header, size: 10) == .range(expected))
    }

    @Test(
        "a range without any byte that there is cannot be satisfied",
        arguments: ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"])
    func unsatisfiable(header: String) {
        #expect(ByteRangeRequest(header, size: 10) == .unsatisfiable)
    }

    @Test(
        "several ranges, other units and what is no range are ignored",
        arguments: [
            nil, "", "bytes", "bytes=", "bytes=-", "bytes=0-1,3-4", "bytes=0-1,", "items=0-1", "bytes=5-3", "bytes=a-b",
            "bytes=0x1-2", "bytes=1.0-2", "bytes=--1", "bytes=1--2", "bytes=+1-2", "bytes=1 2-3", "=0-1", "bytes:0-1",
            "bytes=٣-٤", "bytes=99999999999999999999-99999999999999999998",
        ])
    func ignored(header: String?) {
        // Numbers beyond integers are taken for the largest: then neither is before the other.
        let found = ByteRangeRequest(header, size: 10)
        #expect(found == .whole || header?.contains("9998") == true && found == .unsatisfiable)
    }

    @Test("of nothing every range is unsatisfiable", arguments: ["bytes=0-", "bytes=0-0", "bytes=-5", "bytes=-0"])
    func empty(header: String) {
        #expect(ByteRangeRequest(header, size: 0) == .unsatisfiable)
    }

    @Test("whatever the header is, the answer is the whole, a range within it, or that there is none")
    func anyHeader() {
        var random = SeededGenerator(seed: 21)
        let alphabet = Array("bytes=-,0123456789 \t*/aé\u{0}".map { String($0) })
        for _ in 0..<20_000 {
            var header = random.next() % 3 == 0 ? "" : "bytes="
            for _ in 0..<random.next() % 30 { header += alphabet[Int(random.next() % UInt64(alphabet.count))] }
            let size = Int(random.next() % 2000)
            if case .range(let range) = ByteRangeRequest(header, size: size) {
                #expect(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "seed 21: \(header)")
            }
        }
    }

    @Test("a tag is named alone, in a list, weakly and by the asterisk")
    func noneMatch() {
        let tag = EntityTag(value: "ab")
        for header in ["\"ab\"", "W/\"ab\"", "\"x\", \"ab\"", "\"x\",W/\"ab\" ,", "*", " * ", "\t\"ab\""] {
            #expect(tag.isNamed(in: header), "\(header)")
        }
        for header in [nil, "", "ab", "\"a\"", "\"abc\"", "\"AB\"", "\"ab", "w/\"ab\""] {
            #expect(!tag.isNamed(in: header), "\(header ?? "nil")")
        }
    }

    @Test("a range is given under no condition or the strong tag, and never under a date or a weak tag")
    func ifRange() {
        let tag = EntityTag(value: "ab")
        #expect(tag.allowsRange(under: nil) && tag.allowsRange(under: "\"ab\""))
        for header in ["", "ab", "W/\"ab\"", "\"x\"", "Mon, 23 Nov 2026 07:19:08 GMT", "*"] {
            #expect(!tag.allowsRange(under: header), "\(header)")
        }
    }
}
