import DeltaicCore
import Registry
import TestSupport
import Testing

@Suite("The files of a version without its tensors")
struct VersionFilesTests {
    private func filled() async throws -> TestRegistry {
        var random = SeededGenerator(seed: 81)
        let test = try TestRegistry()
        let weights = TestTensor("w", .bfloat16, [60, 60], using: &random)
        let folder = try test.folder("base", [weights])
        try test.directory.write("base/sub/empty.txt", [])
        try await test.addBase(folder)
        return test
    }

    @Test("files are the ones that a full description has")
    func same() async throws {
        let test = try await filled()
        let details = try test.registry.describe(VersionReference("base"))
        let (version, files) = try test.registry.files(of: VersionReference("base@v1"))
        #expect(version.commit == details.version.commit)
        #expect(files.map(\.path) == details.files.map(\.path))
        #expect(files.map(\.size) == details.files.map(\.size))
        #expect(files.map(\.sha256) == details.files.map(\.sha256))
        #expect(files.map(\.gitBlob) == details.files.map(\.gitBlob))
        #expect(files.map(\.isLFS) == details.files.map(\.isLFS))
        #expect(files.filter(\.isSafetensors).map(\.path) == ["model.safetensors"])
    }

    @Test("one file is found by its path, and a path that is none is no error")
    func one() async throws {
        let test = try await filled()
        let (version, file) = try test.registry.file("sub/empty.txt", of: VersionReference("base"))
        #expect(version.reference == "base@v1" && file?.size == 0 && file?.isLFS == false)
        for path in ["", "sub", "sub/", "SUB/empty.txt", "/config.json", "none\0"] {
            #expect(try test.registry.file(path, of: VersionReference("base")).1 == nil)
        }
    }

    @Test("a version that is not there is not found")
    func missing() async throws {
        let test = try await filled()
        for reference in ["base@v2", "base:prod", "none"] {
            for call in [
                { _ = try test.registry.files(of: VersionReference(reference)) },
                { _ = try test.registry.file("config.json", of: VersionReference(reference)) },
            ] as [() throws -> Void] {
                let error = #expect(throws: DeltaicError.self) { try call() }
                #expect(error?.code.category == .notFound)
            }
        }
    }
}
