#if !FUZZING
internal import Foundation
internal import TestSupport
internal import Testing

@Suite("Corpora of the fuzzers")
struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "corpora")

    @Test("every parser keeps its promises on what fuzzing found", arguments: FuzzParser.all.map(\.name))
    func replay(name: String) throws {
        let parser = try #require(FuzzParser.all.first { $0.name == name })
        let folder = Self.folder.appending(path: name)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(!files.isEmpty)
        for file in files {
            let bytes = Array(try Data(contentsOf: folder.appending(path: file)))
            #expect(throws: Never.self, "\(name)/\(file)") { try parser.parse(bytes) }
        }
        try Evidence.record(
            family: 24, "inputs that fuzzing found, replayed: \(name)", tried: files.count,
            outcomes: ["harmless": files.count])
    }

    @Test("no folder of inputs is left without a parser")
    func folders() throws {
        let found = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { !$0.hasPrefix(".") }
        #expect(Set(found) == Set(FuzzParser.all.map(\.name)))
    }
}
#endif
