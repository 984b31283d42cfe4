import DeltaicCore
import Foundation
import HTTPTypes
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("The body of a commit")
struct CommitLinesTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func parse(_ body: [UInt8], pieces: Int = .max) throws -> Push {
        let folder = directory.path(UUID().uuidString)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        var lines = CommitLines(folder: folder)
        for start in stride(from: 0, to: body.count, by: max(1, min(pieces, body.count))) {
            try lines.take(Array(body[start..<min(body.count, start + min(pieces, body.count))]))
        }
        return try lines.finish(model: ModelName("acme/m"), branch: nil)
    }

    /// What a push says, with the bytes of small files.
    private func described(_ push: Push) throws -> [String] {
        try push.operations.map { operation in
            switch operation {
            case .add(let path, let content):
                let bytes = try FolderContents.bytes(of: content.path)
                #expect(bytes.count == content.size)
                return "add \(path) \(try Digest.sha256(bytes).short)"
            case .addLarge(let path, let digest, let size): return "large \(path) \(digest.short) \(size ?? -1)"
            case .deleteFile(let path): return "delete \(path)"
            case .deleteFolder(let path): return "delete folder \(path)"
            }
        }
    }

    private func body(_ lines: [String]) -> [UInt8] { Array(lines.joined(separator: "\n").utf8) }

    private static let header =
        #"{"key": "header", "value": {"summary": "one", "description": "two", "parentCommit": "0123456789"}}"#

    @Test("it is read the same however it is cut, keys in any order, escapes and empty lines included")
    func anyCut() throws {
        var random = SeededGenerator(seed: 1)
        let large = (0..<200_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let encoded = Data(large).base64EncodedString()
        let escaped = encoded.replacing("/", with: "\\/")
        let digest = String(repeating: "ab", count: 32)
        let text = body([
            Self.header, "", "  ",
            #"{"key":"file","value":{"content":"\#(encoded)","path":"a b","encoding":"base64"}}"#,
            #"{"value": {"encoding" : "base64", "path": "content", "content" : "\#(escaped)"}, "key": "file"}"#,
            #"{"key":"file","value":{"path":"\"content\": é","content":"a\n\u00e9\"","encoding":"utf-8"}}"#,
            #"{"key":"file","value":{"path":"empty","content":"","encoding":"base64"}}"#,
            #"{"key":"lfsFile","value":{"path":"m","algo":"sha256","oid":"\#(digest)","size":5}}"#,
            #"{"key":"lfsFile","value":{"path":"copy","algo":"sha256","oid":"\#(digest)"}}"#,
            #"{"key":"deletedFile","value":{"path":"old"}}"#, #"{"key":"deletedFolder","value":{"path":"dir/"}}"#, "",
        ])
        let whole = try parse(text)
        #expect(whole.message == "one\n\ntwo" && whole.expectedParent == "0123456789")
        let expected = try described(whole)
        let sha256 = try Digest.sha256(large).short
        #expect(expected[0] == "add a b \(sha256)" && expected[1] == "add content \(sha256)")
        #expect(expected[2] == "add \"content\": é \(try Digest.sha256(Array("a\né\"".utf8)).short)")
        #expect(expected.count == 8)
        for pieces in [1, 2, 3, 7, 4096, 65_537] {
            #expect(try described(try parse(text, pieces: pieces)) == expected, "in pieces of \(pieces)")
        }
    }

    @Test("a file of many megabytes goes to disk as it comes")
    func large() throws {
        var random = SeededGenerator(seed: 2)
        let bytes = (0..<12_000_001).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let push = try parse(
            body([
                Self.header,
                #"{"key":"file","value":{"content":"\#(Data(bytes).base64EncodedString())","path":"a","encoding":"base64"}}"#,
            ]), pieces: 100_003)
        guard case .add(_, let content)? = push.operations.first else {
            Issue.record("no file")
            return
        }
        #expect(try FolderContents.bytes(of: content.path) == bytes)
    }

    @Test("what is no commit is refused with 400, and never traps")
    func hostile() throws {
        let digest = String(repeating: "ab", count: 32)
        let long = String(repeating: "A", count: 6 << 20)
        let bodies: [[String]] = [
            [], ["x"], ["[]"], ["{}"], [#"{"key": 1}"#], [Self.header, "{"], [Self.header, "}}}}"],
            [#"{"key":"header","value":{"summary":"a","parentCommit":"xyz"}}"#],
            [Self.header, #"{"key":"other","value":{}}"#], [Self.header, #"{"key":"file","value":{"path":"a"}}"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"A","encoding":"base64"}}"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"====","encoding":"base64"}}"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"QQ==QQ==","encoding":"base64"}}"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"Q\nQ=","encoding":"base64"}}"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"","encoding":"rot13"}}"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"\x","encoding":"utf-8"}}"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"AAAA"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"AAAA\"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"QQ==","content":"QQ==","encoding":"base64"}}"#],
            [Self.header, #"{"key":"file","value":{"path":"a","content":"\#(long)","encoding":"utf-8"}}"#],
            [Self.header, #"{"key":"lfsFile","value":{"path":"a","oid":"x"}}"#],
            [Self.header, #"{"key":"lfsFile","value":{"path":"a","algo":"md5","oid":"\#(digest)"}}"#],
            [Self.header, #"{"key":"deletedFile","value":{}}"#], [#"{"key":"deletedFile","value":{"path":"a"}}"#],
            [#"{"key":"header","value":{"summary":"\#(long)"}}"#],
            [#"{"key":"header","value":{"summary":"a\u0000b"}}"#],
        ]
        for lines in bodies {
            for pieces in [Int.max, 5000] {
                let error = #expect(throws: ServerError.self, "\(lines.joined().prefix(150))") {
                    try parse(body(lines), pieces: pieces)
                }
                #expect(error?.status == .badRequest)
            }
        }
    }

    @Test("random bytes and changed commits end in a push or in a refusal", arguments: 1...3)
    func fuzzed(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let valid = body([
            Self.header, #"{"key":"file","value":{"content":"QUJD","path":"a","encoding":"base64"}}"#,
            #"{"key":"deletedFolder","value":{"path":"dir/"}}"#,
        ])
        for _ in 0..<2000 {
            var changed = valid
            for _ in 0...(random.next() % 3) {
                let position = Int(random.next() % UInt64(changed.count))
                switch random.next() % 3 {
                case 0: changed[position] = UInt8(truncatingIfNeeded: random.next())
                case 1: changed.remove(at: position)
                default: changed.insert(Array(#"{}[]":\,"#.utf8)[Int(random.next() % 8)], at: position)
                }
            }
            do {
                _ = try parse(changed)
            } catch is ServerError {
                continue
            }
        }
    }
}
