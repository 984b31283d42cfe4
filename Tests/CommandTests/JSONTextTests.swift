import Foundation
import TestSupport
import Testing

@testable import DeltaicCommands

@Suite("Results as JSON are what Foundation would write")
struct JSONTextTests {
    private func expectSame(_ value: some Encodable, _ note: String = "") throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let expected = String(decoding: try encoder.encode(value), as: UTF8.self)
        let text = String(decoding: try JSONText.bytes(of: value), as: UTF8.self)
        #expect(text == expected, "\(note)")
    }

    private enum Kind: String, Codable { case one, two = "2/3" }

    private struct Inner: Codable {
        var names: [String] = []
        var byName: [String: Int] = [:]
        var inner: [Inner]?
    }

    private struct Outer: Encodable {
        var z = 1
        var a: String? = "x"
        var missing: Int?
        var kind = Kind.two
        var flag = true
        var small: UInt8 = 200
        var large = UInt64.max
        var least = Int.min
        var single: Float = 0.1
        var inner = Inner(names: ["b", "a"], byName: ["y": 2, "x/\"y\"": -1], inner: [Inner(), Inner(inner: [])])
        var many = [Inner(), Inner(names: ["n"])]
        var nothing: [Int?] = [nil, 3]
    }

    @Test("objects, arrays and what is in them, empty or not")
    func structures() throws {
        try expectSame(Outer())
        try expectSame([Outer(), Outer(z: 2, a: nil), Outer(missing: 4)])
        try expectSame([Int]())
        try expectSame([String: Int]())
        try expectSame([[Int]](repeating: [], count: 2))
        try expectSame(7)
        try expectSame("text")
        try expectSame(Kind.one)
    }

    private struct ByHand: Encodable {
        enum Key: String, CodingKey { case list, object, null, parent, empty }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            var object = container.nestedContainer(keyedBy: Key.self, forKey: .object)
            try container.encodeNil(forKey: .null)
            // Filled only now, after others were begun.
            try list.encode(1)
            var inner = list.nestedUnkeyedContainer()
            try inner.encodeNil()
            var other = list.nestedContainer(keyedBy: Key.self)
            try other.encode("x", forKey: .list)
            try object.encode(1.5, forKey: .parent)
            try "up".encode(to: container.superEncoder(forKey: .parent))
            #expect(list.count == 3)
        }
    }

    @Test("containers that are begun before others end")
    func nested() throws {
        try expectSame(ByHand())
    }

    @Test("numbers of every size, and what is none")
    func numbers() throws {
        var random = SeededGenerator(seed: 2011)
        let fixed: [Double] = [
            0, -0.0, 1, -1, 0.1, 1e15, 1e16, 1e17, 1e300, -1e-300, .leastNonzeroMagnitude, .pi, 123_456_789.25, 100_000,
        ]
        let drawn = (0..<2000).map { _ in Double(bitPattern: random.next()) }.filter(\.isFinite)
        for value in fixed + drawn { try expectSame([value], "\(value)") }
        for value in fixed.map(Float.init) where value.isFinite { try expectSame([value], "\(value)") }
        for value in [0, 9, 10, -10, .max, .min] { try expectSame([value]) }
        for value in [Double.nan, .infinity] {
            #expect(throws: EncodingError.self) { try JSONText.bytes(of: [value]) }
        }
    }

    @Test("texts with every character that has to be escaped, and with others")
    func texts() throws {
        for scalar in 0..<0x100 { try expectSame(["a\(Character(Unicode.Scalar(UInt8(scalar))))b": "\(scalar)"]) }
        for scalar in 0..<0x100 { try expectSame(["x\(Character(Unicode.Scalar(UInt8(scalar))))"]) }
        // The same key for Unicode, with other bytes.
        try expectSame([["\u{e9}": 1], ["e\u{301}": 2], ["\u{e9}": 3]])
        try expectSame(["é/\\\"\u{1F600}\u{2028}\r\n", "e\u{301}", ""])
        try expectSame(["b": 1, "a": 2, "B": 3, "é": 4, "e\u{301}x": 5, "a/b": 6, "a.b": 7, "10": 8, "9": 9])
    }
}
