import Foundation
import Glibc
import TestSupport
import Testing

/// The registry lies where nothing can be written.
@Suite(.serialized) struct ReadOnlyMedia {
    /// How writing is kept from the program: a prefix of its command line.
    enum Kind: String, CaseIterable, Sendable {
        case mount
        case otherUser

        /// - Parameter folder: what is to be read-only.
        func line(_ folder: String, _ command: String) -> String {
            switch self {
            case .mount:
                "unshare -m sh -c 'mount --bind \(folder) \(folder) && mount -o remount,ro,bind \(folder) && exec \(command)'"
            case .otherUser: "setpriv --reuid 65534 --regid 65534 --clear-groups \(command)"
            }
        }
    }

    private static let reading = [
        "list", "show org/m@v1", "savings", "log org/m", "task list", "verify",
    ]

    private func writing(_ stage: Stage) -> [String] {
        [
            "base add \(stage.model("other")) --name other",
            "register \(stage.model("other")) --name org/new --base base", "tag org/m@v2 prod", "untag org/m prod",
            "task add coding", "remove org/m@v1", "remove org/m", "init",
        ]
    }

    @Test("a registry on read-only media is read as ever, and not written", arguments: Kind.allCases)
    func readOnly(_ kind: Kind) async throws {
        let stage = try Stage()
        try await stage.makeModels()
        let copy = try stage.newCase()
        defer { copy.remove() }
        let probe = try await copy.runShell(kind.line(copy.folder, "\"$DELTAIC\" --version"))
        guard geteuid() == 0, probe.status == 0 else {
            // Needs rights that not everybody has.
            print("read-only media, \(kind): not tried")
            return
        }
        let before = try FolderContents.digests(of: copy.folder)
        var tally = Tally()
        for command in Self.reading {
            let expected = try await copy.run(command.split(separator: " ").map(String.init))
            let unchanged = try stage.newCase()
            defer { unchanged.remove() }
            let found = try await unchanged.runShell(kind.line(unchanged.folder, "\"$DELTAIC\" \(command)"))
            let output = found.output.replacing(unchanged.folder, with: copy.folder)
            #expect(found.status == 0 && output == expected.output, "\(command): \(found.errors)")
            tally.count("harmless")
        }
        for command in writing(stage) {
            let found = try await copy.runShell(kind.line(copy.folder, "\"$DELTAIC\" \(command)"))
            #expect(found.status == (command == "init" ? 4 : 6), "\(command): status \(found.status) \(found.errors)")
            #expect(
                found.errors.hasPrefix("error: ") && found.errors.contains(copy.folder), "\(command): \(found.errors)")
            tally.count("refused")
        }
        #expect(
            try FolderContents.digests(of: copy.folder).filter { !$0.key.hasSuffix("-shm") }
                == before.filter { !$0.key.hasSuffix("-shm") })
        // A pull elsewhere.
        let output = stage.directory.path("pulled")
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
        #expect(chmod(output, 0o777) == 0)
        let pull = try await copy.runShell(kind.line(copy.folder, "\"$DELTAIC\" pull org/m@v1 --output \(output)"))
        #expect(pull.status == 0, "\(pull.errors)")
        #expect(try FolderContents.digests(of: output) == FolderContents.digests(of: stage.model("tuned")))
        tally.count("harmless")
        try tally.record(family: 7, "read-only media (\(kind.rawValue))")
    }
}
