internal import Foundation

/// Runs the built `deltaic` as a process, each with a registry and a home of its own.
public struct DeltaicProcess: Sendable {
    /// How a run ended.
    public struct Outcome: Sendable {
        public let status: Int32
        public let output: String
        public let errors: String

        /// The lines of standard output.
        public var lines: [String] {
            output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast(
                output.hasSuffix("\n") ? 1 : 0)
        }

        /// Standard output as JSON.
        public func json() throws -> JSONValue {
            try JSONValue(parsing: output)
        }
    }

    /// The folder of the registry, which `init` makes.
    public let registry: String
    private let directory: TemporaryDirectory

    public init(in directory: TemporaryDirectory, registry: String = "registry") {
        self.directory = directory
        self.registry = directory.path(registry)
    }

    /// Runs `deltaic` to its end.
    ///
    /// - Parameters:
    ///   - environment: additions to an environment without `COLUMNS`, where `DELTAIC_HOME` is ``registry``; nil removes.
    ///   - folder: the working directory; the temporary directory if it is not given.
    ///   - whileRunning: called with the process id once it has started.
    public func run(
        _ arguments: [String], environment: [String: String?] = [:], in folder: String? = nil,
        whileRunning: (@Sendable (Int32) async throws -> Void)? = nil
    ) async throws -> Outcome {
        try await run(
            try Self.executable(), arguments, environment: environment, in: folder, whileRunning: whileRunning)
    }

    /// Runs a line of the shell in which `$DELTAIC` is the executable.
    public func runShell(_ line: String) async throws -> Outcome {
        try await run(
            "/bin/sh", ["-c", line], environment: ["DELTAIC": try Self.executable()], in: nil, whileRunning: nil)
    }

    private func run(
        _ executable: String, _ arguments: [String], environment: [String: String?], in folder: String?,
        whileRunning: (@Sendable (Int32) async throws -> Void)?
    ) async throws -> Outcome {
        let id = UUID().uuidString
        let outputPath = try directory.write(".runs/\(id).out", [])
        let errorPath = try directory.write(".runs/\(id).err", [])
        let process = try ChildProcess.start(
            executable, arguments, environment: variables(environment), in: folder ?? directory.path,
            streams: .init(output: outputPath, errors: errorPath))
        let (ends, ended) = AsyncStream.makeStream(of: Int32.self)
        // A thread of its own, not one of the pool that tests run on.
        Thread.detachNewThread {
            ended.yield(ChildProcess.wait(for: process))
            ended.finish()
        }
        try await whileRunning?(process)
        var status: Int32 = -1
        for await value in ends { status = value }
        return Outcome(
            status: status, output: String(decoding: try Data(contentsOf: URL(filePath: outputPath)), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: URL(filePath: errorPath)), as: UTF8.self))
    }

    /// Runs `deltaic` to its end.
    public func callAsFunction(_ arguments: String...) async throws -> Outcome {
        try await run(arguments)
    }

    private func variables(_ additions: [String: String?]) -> [String: String] {
        var variables = ProcessInfo.processInfo.environment
        for name in ["COLUMNS", "XDG_DATA_HOME"] { variables[name] = nil }
        variables["DELTAIC_HOME"] = registry
        variables["HOME"] = directory.path
        for (name, value) in additions { variables[name] = value }
        return variables
    }

    /// The executable that was built beside the tests.
    private static func executable() throws -> String {
        let tests = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let path = tests.deletingLastPathComponent().appending(path: "deltaic").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: path])
        }
        return path
    }
}
