internal import Glibc

/// What the system knows about this process, under the names that Prometheus' own client libraries use.
enum ProcessMetrics {
    static let names = [
        "process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_resident_memory_bytes",
        "process_virtual_memory_bytes", "process_start_time_seconds",
    ]

    /// The metrics in Prometheus' text format; what the system does not tell is left out.
    static func exposition() -> String {
        var text = ""
        func add(_ name: String, _ type: String, _ help: String, _ value: Double?) {
            guard let value else { return }
            text += PrometheusText.header(name, type: type, help: help)
            text += PrometheusText.sample(name, PrometheusText.number(value))
        }
        let status = ProcessStatus.read()
        add("process_cpu_seconds_total", "counter", "User and system processor time.", status?.processorSeconds)
        add("process_max_fds", "gauge", "How many files may be open.", fileLimit())
        add("process_open_fds", "gauge", "How many files are open.", openFiles())
        add("process_resident_memory_bytes", "gauge", "Memory in use, in bytes.", status?.residentBytes)
        add(
            "process_start_time_seconds", "gauge", "When the process began, in seconds since 1970.",
            ProcessStatus.startTime)
        add("process_virtual_memory_bytes", "gauge", "Addresses in use, in bytes.", status?.virtualBytes)
        return text
    }

    /// The open descriptors, without the one that counts them.
    private static func openFiles() -> Double? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // ".", ".." and the directory itself.
        return Double(max(0, count - 3))
    }

    private static func fileLimit() -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur == .max ? .infinity : Double(limit.rlim_cur)
    }
}

/// The numbers of `/proc/self/stat`.
private struct ProcessStatus {
    let processorSeconds: Double
    let startTicks: Double
    let virtualBytes: Double
    let residentBytes: Double

    /// When the process began, in seconds since 1970.
    static let startTime: Double? = {
        guard let status = read(), let text = contents(of: "/proc/stat"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let boot = Double(line.dropFirst(6))
        else { return nil }
        return boot + status.startTicks / ticksPerSecond
    }()

    private static let ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))

    static func read() -> ProcessStatus? {
        // The second field is the program's name in parentheses, and may hold spaces and parentheses.
        guard let text = contents(of: "/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
        // Numbered from 1 in proc(5); these begin with the third.
        func field(_ number: Int) -> Double? { number - 3 < fields.count ? Double(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
            let pages = field(24)
        else { return nil }
        return ProcessStatus(
            processorSeconds: (user + system) / ticksPerSecond, startTicks: start, virtualBytes: virtual,
            residentBytes: pages * Double(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// A file of `/proc`, which has no size to ask for.
    private static func contents(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
