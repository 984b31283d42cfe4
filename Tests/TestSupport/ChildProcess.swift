internal import Foundation
internal import Glibc

/// Runs programs as processes of their own.
///
/// Not Foundation's `Process`: to learn which descriptors to close it copies the names in `/proc/self/fd` 256 bytes at a time, which
/// reads past the end of the system's buffer once some 1,350 are open, and ends the tests with a segmentation fault.
public enum ChildProcess {
    /// How a process ended.
    public struct Outcome: Sendable {
        /// The exit status, or 128 and the number of the signal.
        public let status: Int32
        public let output: [UInt8]
        public let errors: String

        /// Standard output as text.
        public var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// Where standard input, output and error lead: paths of files.
    struct Streams {
        var input = "/dev/null"
        let output: String
        let errors: String
    }

    /// Runs a tool, found as the shell would, to its end.
    ///
    /// - Parameters:
    ///   - environment: the one of the tests if it is not given.
    ///   - folder: the working directory.
    public static func run(
        _ tool: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String]? = nil,
        in folder: String? = nil
    ) throws -> Outcome {
        let directory = try TemporaryDirectory()
        // Files rather than pipes: nothing has to be read while the process runs.
        let streams = Streams(
            input: try directory.write("input", input), output: try directory.write("output", []),
            errors: try directory.write("errors", []))
        let id = try start(
            "/usr/bin/env", [tool] + arguments, environment: environment ?? ProcessInfo.processInfo.environment,
            in: folder, streams: streams)
        let status = wait(for: id)
        return Outcome(
            status: status, output: try FolderContents.bytes(of: streams.output),
            errors: String(decoding: try FolderContents.bytes(of: streams.errors), as: UTF8.self))
    }

    /// Starts a program in a process group of its own, with no more descriptors than the three of `streams`.
    ///
    /// - Returns: its id; ``wait(for:)`` has to be called for it.
    static func start(
        _ path: String, _ arguments: [String], environment: [String: String], in folder: String?, streams: Streams
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, streams.input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, streams.output, O_WRONLY | O_APPEND, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, streams.errors, O_WRONLY | O_APPEND, 0)
        _ = addCloseFrom(&actions, 3)
        if let folder { _ = addWorkingFolder(&actions, folder) }
        // Threads of tests block signals, and servers among them ignore some; both would be inherited.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        let words = ([path] + arguments).map { strdup($0) }
        let variables = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in words + variables { free(text) } }
        var id: pid_t = 0
        let code = posix_spawn(&id, path, &actions, &attributes, words + [nil], variables + [nil])
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        return id
    }

    /// Waits for a process that was started here.
    ///
    /// - Returns: as in ``Outcome/status``.
    static func wait(for id: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}

// In the C library since 2.34, but not in the toolchain's module of it.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
private func addCloseFrom(_ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ first: Int32) -> Int32

@_silgen_name("posix_spawn_file_actions_addchdir_np")
private func addWorkingFolder(
    _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ path: UnsafePointer<CChar>
) -> Int32
