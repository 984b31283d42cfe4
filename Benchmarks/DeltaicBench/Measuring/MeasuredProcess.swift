import Foundation
import Glibc

/// A program that was run to its end.
struct MeasuredProcess {
    let seconds: Double
    /// User and system time of the process.
    let cpuSeconds: Double
    /// The largest resident set, in bytes.
    let peakMemory: Int

    /// What the kernel tells of a process counts what its parent held when it started it: so something small starts it, and
    /// looks at the clock.
    private static let launcher = """
        import os, sys, time
        null = os.open(os.devnull, os.O_RDWR)
        errors = os.open(sys.argv[1] + "-errors", os.O_WRONLY | os.O_CREAT)
        actions = [(os.POSIX_SPAWN_DUP2, old, new) for old, new in ((null, 0), (null, 1), (errors, 2))]
        start = time.monotonic()
        try:
            process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=actions)
        except OSError as error:
            sys.exit(f"cannot run {sys.argv[2]}: {error.strerror}")
        _, status, usage = os.wait4(process, 0)
        seconds = time.monotonic() - start
        code = os.waitstatus_to_exitcode(status)
        with open(sys.argv[1], "w") as file:
            file.write(f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss} {code}")
        """

    /// Runs a program found in PATH, or by its path, with its output thrown away; what it says of errors is in ours if it fails.
    static func run(_ arguments: [String]) throws -> MeasuredProcess {
        let scratch = try ScratchFolder(in: nil)
        let file = scratch.path("figures")
        let status = try spawn(["python3", "-I", "-S", "-c", launcher, file] + arguments)
        guard status == 0 else { throw BenchmarkFailure("\(arguments[0]) could not be measured") }
        let figures = try String(contentsOfFile: file, encoding: .utf8).split(separator: " ").compactMap { Double($0) }
        guard figures.count == 4 else { throw BenchmarkFailure("\(arguments[0]) was measured without a result") }
        guard figures[3] == 0 else {
            let errors = (try? String(contentsOfFile: file + "-errors", encoding: .utf8)) ?? ""
            throw BenchmarkFailure(
                "\(arguments.joined(separator: " ")) failed with status \(Int(figures[3])): \(errors.suffix(2000))")
        }
        return MeasuredProcess(seconds: figures[0], cpuSeconds: figures[1], peakMemory: Int(figures[2]) * 1024)
    }

    /// Runs a program with this process's output, or with what it writes in a file, and returns its exit status.
    ///
    /// Foundation's `Process` waits on a run loop, which threads of a pool do not have.
    static func spawn(_ arguments: [String], output: String? = nil) throws -> Int {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if let output {
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        }
        var pointers = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let status = posix_spawnp(&process, arguments[0], &actions, nil, pointers, environ)
        guard status == 0 else {
            throw BenchmarkFailure("cannot run \(arguments[0]): \(String(cString: strerror(status)))")
        }
        var code: Int32 = 0
        while waitpid(process, &code, 0) < 0 && errno == EINTR {}
        // As a shell says it: what ended by a signal has its number and 128.
        return Int(code & 0x7f == 0 ? (code >> 8) & 0xff : 128 + (code & 0x7f))
    }

    /// What a program writes to its standard output; nil if it fails or is not there.
    static func output(of arguments: [String]) -> String? {
        guard let scratch = try? ScratchFolder(in: nil) else { return nil }
        let file = scratch.path("output")
        guard (try? spawn(arguments, output: file)) == 0 else { return nil }
        return try? String(contentsOfFile: file, encoding: .utf8)
    }
}
