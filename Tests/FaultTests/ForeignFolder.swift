import Foundation
import TestSupport
import Testing

/// The folder that is named belongs to somebody else.
@Suite(.serialized) struct ForeignFolder {
    /// What lies in the folder.
    enum Content: String, CaseIterable, Sendable {
        case document
        case packs
        case otherDatabase
        case otherDatabaseBesidePacks
        case catalogAlone
        case nearlyOurs

        func make(in folder: String, of stage: Stage) throws {
            func write(_ name: String, _ text: String) throws {
                let path = folder + "/" + name
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data(text.utf8).write(to: URL(filePath: path))
            }
            // As large as a database with tables.
            let database = "SQLite format 3\0" + String(repeating: "x", count: 9000)
            switch self {
            case .document: try write("thesis.tex", "\\begin{document}")
            case .packs: try write("packs/family/photo.pack", "a picture")
            case .otherDatabase: try write("catalog.sqlite", database)
            case .otherDatabaseBesidePacks:
                try FileManager.default.createDirectory(
                    atPath: folder + "/packs", withIntermediateDirectories: true)
                try write("catalog.sqlite", database)
            case .catalogAlone:
                try stage.makeRegistry()
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    atPath: stage.registryPath + "/catalog.sqlite", toPath: folder + "/catalog.sqlite")
            case .nearlyOurs:
                try stage.makeRegistry()
                try FileManager.default.copyItem(atPath: stage.registryPath, toPath: folder)
                try FileManager.default.removeItem(atPath: folder + "/deltaic.json")
                try write("packs/ab/mine", "not yours")
            }
        }
    }

    @Test("a folder that is no registry is refused by every command and stays as it is", arguments: Content.allCases)
    func refused(_ content: Content) async throws {
        let stage = try Stage()
        let copy = FaultCase(stage: stage, name: "foreign")
        try content.make(in: copy.registry, of: stage)
        let before = try FolderContents.digests(of: copy.folder)
        let folders = try FileManager.default.subpathsOfDirectory(atPath: copy.folder).sorted()
        var tally = Tally()
        let commands = [
            ["init"], ["base", "add", stage.model("base"), "--name", "base"],
            ["register", stage.model("tuned"), "--name", "m", "--base", "base"], ["list"], ["savings"],
            ["show", "m"], ["pull", "m", "--output", copy.output], ["tag", "m", "prod"], ["untag", "m", "prod"],
            ["task", "add", "math"], ["task", "list"], ["remove", "m"], ["verify"], ["compress"], ["log", "m"],
        ]
        for command in commands {
            let outcome = try await copy.run(command)
            #expect(
                outcome.status == (command == ["init"] ? 4 : 2) && outcome.errors.hasPrefix("error: "),
                "\(command): status \(outcome.status), \(outcome.errors)")
            #expect(try FolderContents.digests(of: copy.folder) == before, "\(command)")
            #expect(
                try FileManager.default.subpathsOfDirectory(atPath: copy.folder).sorted() == folders, "\(command)")
            tally.count("refused")
        }
        print("folder of somebody else, \(content.rawValue): \(tally.tried) commands refused")
    }

    @Test("a file, and a folder that cannot be made, are refused too")
    func notAFolder() async throws {
        let stage = try Stage()
        let file = FaultCase(stage: stage, name: "file")
        try stage.directory.write("file/registry", "mine".utf8)
        for command in [["init"], ["list"], ["tag", "m", "prod"]] {
            let outcome = try await file.run(command)
            #expect([2, 6].contains(outcome.status), "\(command): \(outcome.errors)")
        }
        #expect(try FolderContents.bytes(of: file.registry) == Array("mine".utf8))
    }
}
