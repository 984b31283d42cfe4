import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import Registry

/// Temporary folders of commands, and what killed ones leave.
@Suite("scratch folders") struct ScratchFolderTests {
    private let parent: TemporaryDirectory

    init() throws {
        parent = try TemporaryDirectory()
    }

    /// A name such as folders have.
    private static func name() -> String { "deltaic-\(UUID().uuidString)" }

    private func names() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: parent.path))
    }

    /// As if it had been made long ago.
    private func age(_ path: String) throws {
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
    }

    @Test("a folder is empty, nobody else's, and goes with its value")
    func lifetime() throws {
        do {
            let folder = try ScratchFolder(in: parent.path)
            defer { withExtendedLifetime(folder) {} }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            let root = (folder.path as NSString).deletingLastPathComponent
            let attributes = try FileManager.default.attributesOfItem(atPath: root)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
            try Data([1]).write(to: URL(filePath: folder.path + "/file"))
        }
        #expect(try names().isEmpty)
    }

    @Test("what a killed process left goes with the next folder, contents and all")
    func leftover() throws {
        let (killed, empty) = (Self.name(), Self.name())
        try parent.write("\(killed)/contents/model/model.safetensors", [1, 2, 3])
        try age(try parent.write("\(killed)/.deltaic-scratch", []))
        // Killed between the two steps of making, or of removing, a folder.
        try FileManager.default.createDirectory(atPath: parent.path(empty), withIntermediateDirectories: true)
        try age(parent.path(empty))
        let folder = try ScratchFolder(in: parent.path)
        defer { withExtendedLifetime(folder) {} }
        #expect(try names().count == 1)
    }

    @Test("what a process uses, what is new, and what is not ours stays")
    func others() throws {
        let living = try ScratchFolder(in: parent.path)
        defer { withExtendedLifetime(living) {} }
        let root = (living.path as NSString).deletingLastPathComponent
        try age(root + "/.deltaic-scratch")
        try parent.write("\(Self.name())/.deltaic-scratch", [])
        let (full, empty) = (Self.name(), "deltaic-mine")
        try age(try parent.write("\(full)/file", [1]))
        try age(parent.path(full))
        // Of another program, or of a user.
        try FileManager.default.createDirectory(atPath: parent.path(empty), withIntermediateDirectories: true)
        try age(parent.path(empty))
        try age(try parent.write("other/.deltaic-scratch", []))
        let before = try names()
        let folder = try ScratchFolder(in: parent.path)
        defer { withExtendedLifetime(folder) {} }
        #expect(try names().isSuperset(of: before))
        #expect(FileManager.default.fileExists(atPath: living.path))
    }

    @Test("where no folder can be made the error says so")
    func refused() throws {
        let error = #expect(throws: DeltaicError.self) { try ScratchFolder(in: parent.path("missing")) }
        #expect(error?.description.contains("missing") == true)
    }
}
