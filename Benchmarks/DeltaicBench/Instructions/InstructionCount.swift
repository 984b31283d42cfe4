import DeltaicCore
import Foundation

/// Counts the instructions of cases with valgrind, which does not depend on how busy a machine is.
enum InstructionCount {
    /// The runs that are counted: so many that what differs between two starts of a process is little beside them.
    private static let more = 5

    /// Instructions per raw byte of every case, in their order: what every time after the first takes, when tables and contexts are made.
    static func perByte() throws -> [(name: String, value: Double)] {
        let scratch = try ScratchFolder(in: nil)
        let program = scratch.path("DeltaicBench")
        // valgrind gives up on what the compiler tells debuggers.
        guard try MeasuredProcess.spawn(["strip", "-o", program, CommandLine.arguments[0]]) == 0 else {
            throw BenchmarkFailure("strip, of binutils, is needed")
        }
        let names = InstructionCase.all.map(\.name)
        // What a process with more runs takes more is those runs and nothing else.
        let counts = try twoAtATime(2 * names.count) { index in
            try instructions(of: names[index / 2], repeats: index % 2 == 0 ? 1 : 1 + more, program: program)
        }
        return try InstructionCase.all.enumerated().map { index, item in
            let bytes = try item.prepare().rawBytes
            return (item.name, Double(counts[2 * index + 1] - counts[2 * index]) / Double(more * bytes))
        }
    }

    /// The variables make a run the same as any other: no random seeds of hashing, and copies of memory that do not go by
    /// the size of caches.
    private static let environment = [
        "env", "-u", "DELTAIC_PORTABLE_KERNELS", "SWIFT_DETERMINISTIC_HASHING=1",
        "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x4000000:glibc.cpu.x86_rep_stosb_threshold=0x4000000"
            + ":glibc.cpu.x86_non_temporal_threshold=0x4000000",
    ]

    private static func instructions(of name: String, repeats: Int, program: String) throws -> Int {
        let scratch = try ScratchFolder(in: nil)
        let log = scratch.path("log")
        let status = try MeasuredProcess.spawn(
            environment + [
                "valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
                "--log-file=\(log)",
                program, "instructions-child", "--name", name, "--repeats", "\(repeats)",
            ])
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        // ==1234== I   refs:      123,456
        let line = text.split(separator: "\n").first { $0.contains("I") && $0.contains("refs:") }
        let digits = line?.split(separator: ":").last?.filter(\.isNumber)
        guard status == 0, let count = digits.flatMap({ Int($0) }) else {
            throw BenchmarkFailure("\(name) failed under valgrind with status \(status)\n\(text.suffix(2000))")
        }
        return count
    }
}
