import Foundation
import TestSupport

/// A copy of a scenario's folder, in which one thing goes wrong.
struct FaultCase: Sendable {
    let stage: Stage
    let name: String

    var folder: String { stage.directory.path(name) }
    var registry: String { folder + "/registry" }
    /// Where a pull writes.
    var output: String { folder + "/output" }
    func model(_ name: String) -> String { stage.model(name) }

    /// Runs `deltaic` on the copy.
    ///
    /// - Parameter fault: what is to go wrong; nil for nothing, and without the library.
    func run(_ arguments: [String], _ fault: Fault? = nil) async throws -> DeltaicProcess.Outcome {
        let process = DeltaicProcess(in: stage.directory, registry: name + "/registry")
        return try await process.run(arguments, environment: try fault?.environment(root: folder, log: logPath) ?? [:])
    }

    /// Runs a line of the shell on the copy, in which `$DELTAIC` is the executable.
    func runShell(_ line: String) async throws -> DeltaicProcess.Outcome {
        try await DeltaicProcess(in: stage.directory, registry: name + "/registry").runShell(line)
    }

    private var logPath: String { stage.directory.path(name + ".log") }

    /// What the last run with a log did.
    func log() throws -> [OperationRecord] {
        guard FileManager.default.fileExists(atPath: logPath) else { return [] }
        return try OperationRecord.read(try FolderContents.bytes(of: logPath))
    }

    func remove() {
        for path in [folder, logPath] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The state of the registry; whatever is wrong is thrown.
    func inspect() async throws -> Inspection {
        try await Inspection.inspect(
            registry, scratch: stage.directory.path(name + "-pulled"), toleratesDamage: stage.isDamaged)
    }
}

/// What the library of fail points is asked for.
struct Fault: Sendable {
    enum Action: String, Sendable {
        case kill
        case torn
        case fail
        case short
    }

    var kinds = OperationRecord.Kind.durableSteps
    /// The number of the operation; 0 for none.
    var at = 0
    var action = Action.kill
    var error: Int32 = 0
    var isOnward = false
    var isLogged = false

    /// Nothing goes wrong, and everything is written down.
    static func log(_ kinds: Set<OperationRecord.Kind> = OperationRecord.Kind.durableSteps) -> Fault {
        Fault(kinds: kinds, isLogged: true)
    }

    func environment(root: String, log: String) throws -> [String: String?] {
        let tests = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let library = tests.deletingLastPathComponent().appending(path: "libFaultShim.so").path
        guard FileManager.default.fileExists(atPath: library) else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: library])
        }
        return [
            "LD_PRELOAD": library, "DELTAIC_SHIM_ROOT": root, "DELTAIC_SHIM_KINDS": "\(kinds.bits)",
            "DELTAIC_SHIM_AT": "\(at)", "DELTAIC_SHIM_ACTION": action.rawValue, "DELTAIC_SHIM_ERRNO": "\(error)",
            "DELTAIC_SHIM_ONWARD": isOnward ? "1" : "0", "DELTAIC_SHIM_LOG": isLogged ? log : nil,
        ]
    }
}
