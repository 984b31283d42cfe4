import Foundation

/// Commands on one pair of models, each run several times in turn with the others.
struct ThroughputMeasurement {
    struct Models {
        let base: String
        let fineTune: String
    }

    private let models: Models
    private let folder: ScratchFolder
    private let steps: [Step]

    /// A command, and what it needs.
    private struct Step {
        let name: String
        let command: [String]
        /// The bytes of the originals that it works on.
        let rawBytes: Int
        /// What it reads, which is not in the page cache in a cold run.
        let reads: [String]
        /// What it makes; gone before each run.
        let makes: String?
        /// A registry of which it gets a copy of its own, as it changes it.
        var changes: String?
    }

    init(_ models: Models, folder: ScratchFolder) throws {
        self.models = models
        self.folder = folder
        try DeltaicProgram(registry: folder.path("empty")).run(["init"])
        try DeltaicProgram(registry: folder.path("with-base")).make(base: models.base)
        let full = DeltaicProgram(registry: folder.path("with-all"))
        try full.make(base: models.base)
        try full.run(["register", models.fineTune, "--name", "exact", "--base", "base"])
        try full.run(["register", models.fineTune, "--name", "lossy", "--base", "base"] + DeltaicProgram.lossy)
        steps =
            try Self.references(models, folder)
            + DeltaicProgram.Cores.allCases.flatMap { try Self.own(models, folder, $0) }
        try full.run(["pull", "exact", "--output", folder.path("pulled")])
        try DeltaicProgram.compare(folder.path("pulled"), with: models.fineTune)
    }

    /// What a user would do with the files otherwise.
    private static func references(_ models: Models, _ folder: ScratchFolder) throws -> [Step] {
        let weights = try modelFiles(in: models.fineTune).filter { $0.hasSuffix(".safetensors") }
        let paths = weights.map { "\(models.fineTune)/\($0)" }
        let size = try size(of: paths)
        let compressed = folder.path("compressed")
        for name in ["packed", "unpacked", "compressed"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        let zstd = ["zstd", "-q", "-f", "-3", "-T2", "--output-dir-flat"]
        _ = try MeasuredProcess.run(zstd + [compressed] + paths)
        return [
            Step(
                name: "cp -r", command: ["cp", "-r", models.fineTune, folder.path("copy")],
                rawBytes: try bytes(below: models.fineTune), reads: [models.fineTune],
                makes: folder.path("copy")),
            Step(name: "sha256sum", command: ["sha256sum"] + paths, rawBytes: size, reads: paths, makes: nil),
            Step(
                name: "zstd -3 -T2", command: zstd + [folder.path("packed")] + paths, rawBytes: size, reads: paths,
                makes: nil),
            Step(
                name: "zstd -d",
                command: ["zstd", "-q", "-f", "-d", "--output-dir-flat", folder.path("unpacked")]
                    + weights.map { "\(compressed)/\($0.split(separator: "/").last ?? "").zst" },
                rawBytes: size, reads: [compressed], makes: nil),
        ]
    }

    private static func size(of paths: [String]) throws -> Int {
        try paths.reduce(0) { sum, path in
            sum + (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
        }
    }

    private static func own(_ models: Models, _ folder: ScratchFolder, _ cores: DeltaicProgram.Cores) throws -> [Step] {
        let raw = try bytes(below: models.fineTune)
        let work = folder.path("registry")
        func step(_ name: String, _ arguments: [String], changes: String, reads: [String]) -> Step {
            Step(
                name: "\(name), \(cores.label)",
                command: DeltaicProgram(registry: work).command(arguments, cores: cores), rawBytes: raw,
                reads: reads + [work], makes: work, changes: folder.path(changes))
        }
        func pull(_ kind: String) -> Step {
            let full = folder.path("with-all")
            return Step(
                name: "pull \(kind), \(cores.label)",
                command: DeltaicProgram(registry: full).command(
                    ["pull", kind, "--output", folder.path("pulled")], cores: cores),
                rawBytes: raw, reads: [full], makes: folder.path("pulled"))
        }
        let register = ["register", models.fineTune, "--name", "tune", "--base", "base"]
        let tune = [models.fineTune]
        return [
            step("base add", ["base", "add", models.fineTune, "--name", "base"], changes: "empty", reads: tune),
            step("register exact", register, changes: "with-base", reads: tune),
            step("register lossy", register + DeltaicProgram.lossy, changes: "with-base", reads: tune),
            pull("exact"), pull("lossy"),
        ]
    }

    private func run(_ step: Step, isCold: Bool) throws -> MeasuredProcess {
        if let path = step.makes, FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
        if let registry = step.changes, let copy = step.makes {
            _ = try MeasuredProcess.run(["cp", "-r", registry, copy])
        }
        if isCold { try PageCache.drop(step.reads) }
        return try MeasuredProcess.run(step.command)
    }

    func report(name: String, runs: Int, isCold: Bool) throws -> Report {
        var best: [MeasuredProcess?] = steps.map { _ in nil }
        for _ in 0..<max(1, runs) {
            for (position, step) in steps.enumerated() {
                let measured = try run(step, isCold: isCold)
                if measured.seconds < best[position]?.seconds ?? .infinity { best[position] = measured }
            }
        }
        func speed(_ name: String) -> Double {
            for (step, process) in zip(steps, best) where step.name == name {
                return Double(step.rawBytes) / (process?.seconds ?? .nan)
            }
            return .nan
        }
        let raw = try bytes(below: models.fineTune)
        return Report(
            title: "Throughput, \(name) pair of \(raw / 1_000_000) MB, page cache \(isCold ? "cold" : "warm")",
            notes: [
                "GB/s of raw bytes, fastest of \(runs) whole processes; CPU and peak memory are those of that run",
                "/cp, /zstd: the speed over theirs in this table; cp does not sync, ours does when it registers",
                "register and base add hash every byte twice and prove it by decoding; pull hashes what it gives back",
                "lossy: seeded-sign, \(DeltaicProgram.lossy.suffix(2).joined(separator: " "))",
            ],
            columns: ["command", "GB/s", "CPU s", "peak memory MB", "/cp", "/zstd"],
            rows: zip(steps, best).compactMap { step, process in
                process.map { process in
                    let own = Double(step.rawBytes) / process.seconds
                    return [
                        Cell(step.name), .speed(step.rawBytes, process.seconds), .seconds(process.cpuSeconds),
                        .megabytes(process.peakMemory), .ratio(own, speed("cp -r")), .ratio(own, speed("zstd -3 -T2")),
                    ]
                }
            })
    }
}
