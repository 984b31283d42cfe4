internal import DeltaCodecs
internal import DeltaicCore
internal import TestSupport
internal import Testing

/// One change to the worked example, and the rule that refuses it.
private struct Violation: Sendable, CustomTestStringConvertible {
    let rule: String
    let what: String
    var streams = WorkedExample.streams
    var shape = WorkedExample.shape
    var base: [UInt8]? = WorkedExample.base

    var testDescription: String { "\(rule): \(what)" }

    init(_ rule: String, _ what: String, _ change: (inout Violation) -> Void) {
        self.rule = rule
        self.what = what
        change(&self)
    }

    /// Parameters as the table of the specification orders them.
    static func parameters(
        common: Int = 4, shift: UInt8 = 0, classes: UInt8 = 1, length: Int = 0, first: Int = 0, slope: Int64 = 0,
        steps: UInt8 = 0, precision: UInt8 = 4
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(1 as UInt8)
        writer.varint(common)
        writer.append([precision, shift, classes])
        writer.varint(length)
        writer.varint(first)
        writer.integer(slope)
        writer.integer(steps)
        return writer.bytes
    }

    static let all: [Violation] = [
        Violation("C-10", "an unknown payload version") { $0.streams[0][0] = 2 },
        Violation("C-11", "no common elements") { $0.streams[0] = parameters(common: 0) },
        Violation("C-11", "a base that is too short") { $0.base = Array(WorkedExample.base.prefix(7)) },
        Violation("C-11", "no base") { $0.base = nil },
        Violation("C-12", "another precision") { $0.streams[0] = parameters(precision: 3) },
        Violation("C-13", "a shift of the whole word") { $0.streams[0] = parameters(shift: 16) },
        Violation("C-14", "no class") { $0.streams[0] = parameters(classes: 0) },
        Violation("C-14", "five classes") { $0.streams[0] = parameters(classes: 5, length: 2, first: 2) },
        Violation("C-15", "classes without segments") { $0.streams[0] = parameters(classes: 2) },
        Violation("C-15", "segments without classes") { $0.streams[0] = parameters(length: 2, first: 2) },
        Violation("C-15", "a first segment that is too long") {
            $0.streams[0] = parameters(classes: 2, length: 2, first: 3)
        },
        Violation("C-15", "no first segment") { $0.streams[0] = parameters(classes: 2, length: 2) },
        Violation("C-16", "a staircase finer than the mantissa") { $0.streams[0] = parameters(steps: 8) },
        Violation("C-19", "a slope for integers") {
            $0.shape = ChunkShape(type: .int16, elementCount: 4)
            $0.streams[0] = parameters(slope: 1)
        },
        Violation("C-16", "a staircase for integers") {
            $0.shape = ChunkShape(type: .int16, elementCount: 4)
            $0.streams[0] = parameters(steps: 1)
        },
        Violation("C-17", "too few modes") { $0.streams[3] = [1] },
        Violation("C-17", "an unknown mode") { $0.streams[3] = [1, 3] },
        Violation("C-18", "bytes after the parameters") { $0.streams[0].append(0) },
        Violation("C-18", "a missing staircase") { $0.streams[0] = parameters(steps: 1) },
        Violation("C-18", "a staircase that is too long") { $0.streams[1] = [0, 0] },
        Violation("C-18", "missing classes") { $0.streams[0] = parameters(classes: 2, length: 2, first: 2) },
        Violation("C-18", "a class out of range") {
            $0.streams[0] = parameters(classes: 2, length: 2, first: 2)
            $0.streams[2] = [0, 2]
        },
        Violation("C-18", "classes that are not announced") { $0.streams[2] = [0] },
        Violation("C-18", "a segment near the largest number, and no classes") {
            $0.streams[0] = parameters(classes: 2, length: .max, first: 1)
        },
        Violation("C-18", "a direct stream that is too short") { $0.streams[4] = [2, 2, 0] },
        Violation("C-18", "a bitmap without sparse groups") { $0.streams[5] = [0] },
        Violation("C-18", "sparse symbols without a bitmap") { $0.streams[6] = [1] },
        Violation("C-18", "a bit past the end of the bitmap") {
            $0.streams[3] = [2, 1]
            $0.streams[4] = [2, 0, 4]
            $0.streams[5] = [2]
            $0.streams[6] = [2]
        },
        Violation("C-18", "extra bits that nothing asks for") { $0.streams[7] = [0] },
        Violation("C-18", "a symbol out of range") { $0.streams[4][0] = 208 },
        Violation("C-18", "too few streams") { $0.streams.removeLast() },
        Violation("C-18", "too many streams") { $0.streams.append([]) },
        Violation("C-01", "a tail of three planes") {
            $0.shape = ChunkShape(type: .bfloat16, elementCount: 5)
            $0.streams += [[1], [1], [1]]
        },
        Violation("C-02", "a tail with planes of the wrong length") {
            $0.shape = ChunkShape(type: .bfloat16, elementCount: 6)
            $0.streams += [[1, 2], [1]]
        },
    ]
}

@Suite("Rules of codec payloads")
struct ExactRulesTests {
    @Test("a broken rule is refused by name", arguments: Violation.all)
    private func refused(violation: Violation) throws {
        let error = try #require(throws: DeltaicError.self) {
            try ContractCodec.exact.decode(
                violation.streams.map(WorkedExample.stored), shape: violation.shape, base: violation.base)
        }
        #expect(error.message.contains(violation.rule + ":"), "\(error)")
    }

    @Test("more common elements than elements are over budget")
    func common() throws {
        var streams = WorkedExample.streams
        streams[0][1] = 5
        let error = try #require(throws: DeltaicError.self) {
            try ContractCodec.exact.decode(
                streams.map(WorkedExample.stored), shape: WorkedExample.shape, base: WorkedExample.base)
        }
        #expect(error.code == .overBudget)
    }

    @Test("sparse groups, classes and the largest segment length are accepted as well as refused")
    func accepted() throws {
        var streams = WorkedExample.streams
        // Groups in the order of the keys: element 0 (class 0), then element 3 and elements 1 and 2 (class 1).
        streams[0] = [1, 4, 4, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255, 127, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        streams[2] = [0, 1]
        streams[3] = [1, 1, 2]
        streams[4] = [2, 2]
        streams[5] = [0b10]
        streams[6] = [4]
        let words = try ContractCodec.exact.decode(
            streams.map(WorkedExample.stored), shape: WorkedExample.shape, base: WorkedExample.base)
        #expect(words == WorkedExample.words)
    }

    @Test("solo refuses a wrong number of streams", arguments: [0, 3])
    func planeCount(count: Int) throws {
        let streams = Array(repeating: WorkedExample.stored([1, 2, 3, 4]), count: count)
        let error = try #require(throws: DeltaicError.self) {
            try ContractCodec.solo.decode(streams, shape: WorkedExample.shape, base: nil)
        }
        #expect(error.message.contains("C-01:"), "\(error)")
    }

    @Test("solo refuses a plane of the wrong length", arguments: [[7], [4, 3], [3, 4]])
    func planeLength(lengths: [Int]) throws {
        let streams = lengths.map { WorkedExample.stored([UInt8](repeating: 1, count: $0)) }
        let error = try #require(throws: DeltaicError.self) {
            try ContractCodec.solo.decode(streams, shape: WorkedExample.shape, base: nil)
        }
        #expect(error.message.contains("C-02:"), "\(error)")
    }
}
