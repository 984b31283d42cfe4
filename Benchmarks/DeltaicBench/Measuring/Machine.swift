import COpenSSL
import CXXHash
import CZstd
import Foundation

/// What figures were measured on, and with which libraries.
struct Machine: Codable {
    let processor: String
    let cores: Int
    /// Those instructions that matter here and that the processor has.
    let instructions: [String]
    let memoryBytes: UInt64
    let kernel: String
    let libraries: Libraries
    /// The commit of the working tree, with a plus if something was changed since.
    let commit: String?

    /// Versions; nil for what is not there.
    struct Libraries: Codable, Equatable {
        let zstd: String
        let openssl: String
        let xxhash: String
        let glibc: String
        let swift: String?
        let valgrind: String?
    }

    static var current: Machine {
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        func field(_ name: String) -> String? {
            let line = info.split(separator: "\n").first { $0.hasPrefix(name) }
            return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
        }
        let flags = Set((field("flags") ?? "").split(separator: " ").map(String.init))
        let wanted = ["sse4_2", "avx2", "bmi2", "f16c", "fma", "sha_ni", "avx512f", "avx512bw", "avx512_vbmi2", "gfni"]
        let head = MeasuredProcess.output(of: ["git", "rev-parse", "HEAD"])?.trimmingCharacters(
            in: .whitespacesAndNewlines)
        let changes = MeasuredProcess.output(of: ["git", "status", "--porcelain", "--untracked-files=no"])
        return Machine(
            processor: field("model name") ?? "unknown", cores: ProcessInfo.processInfo.activeProcessorCount,
            instructions: wanted.filter(flags.contains), memoryBytes: ProcessInfo.processInfo.physicalMemory,
            kernel: MeasuredProcess.output(of: ["uname", "-sr"])?.trimmingCharacters(in: .whitespacesAndNewlines)
                ?? "unknown",
            libraries: .current, commit: head.map { $0 + (changes?.isEmpty == false ? "+" : "") })
    }

    func print() {
        Swift.print("\(processor), \(cores) cores, \(memoryBytes >> 30) GiB; \(kernel)")
        Swift.print("\(instructions.joined(separator: " "))\n\(libraries)\ncommit \(commit ?? "unknown")")
    }
}

extension Machine.Libraries: CustomStringConvertible {
    static var current: Self {
        let number = Int(XXH_versionNumber())
        func version(_ command: String) -> String? {
            let words = MeasuredProcess.output(of: [command, "--version"])?.split {
                $0 == " " || $0 == "\n" || $0 == "-"
            }
            return words?.first { $0.first?.isNumber == true && $0.contains(".") }.map(String.init)
        }
        return Self(
            zstd: String(cString: ZSTD_versionString()),
            openssl: String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)),
            xxhash: "\(number / 10_000).\(number / 100 % 100).\(number % 100)",
            glibc: version("ldd") ?? "unknown", swift: version("swift"), valgrind: version("valgrind"))
    }

    var description: String {
        "zstd \(zstd), openssl \(openssl), xxhash \(xxhash), glibc \(glibc), swift \(swift ?? "-"), valgrind \(valgrind ?? "-")"
    }
}
