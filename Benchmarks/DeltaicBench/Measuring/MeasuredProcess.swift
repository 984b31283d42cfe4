import Foundation
import Glibc

/// A program that was run to its end.
struct MeasuredProcess {
    let seconds: Double
    /// User and system time of the process.
    let cpuSeconds: Double
    /// The largest resident set, in bytes.
    let peakMemory: Int

    /// Runs a program found in PATH, or by its path, with its output thrown away.
    static func run(_ arguments: [String]) throws -> MeasuredProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var pointers = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let start = ContinuousClock.now
        let status = posix_spawnp(&process, arguments[0], &actions, nil, pointers, environ)
        guard status == 0 else {
            throw BenchmarkFailure("cannot run \(arguments[0]): \(String(cString: strerror(status)))")
        }
        var code: Int32 = 0
        var usage = rusage()
        while wait4(process, &code, 0, &usage) < 0 && errno == EINTR {}
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        guard code == 0 else {
            throw BenchmarkFailure("\(arguments.joined(separator: " ")) failed with status \(code)")
        }
        func time(_ value: timeval) -> Double { Double(value.tv_sec) + Double(value.tv_usec) / 1e6 }
        return MeasuredProcess(
            seconds: seconds, cpuSeconds: time(usage.ru_utime) + time(usage.ru_stime),
            peakMemory: Int(usage.ru_maxrss) * 1024)
    }
}
