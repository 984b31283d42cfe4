import Foundation

/// How long pages of the console take that a server gives of a registry.
struct ConsolePageTimes {
    private struct Row: Decodable {
        let page: String
        let bytes: Int
        let asked: Int
        let median: Double
        let p99: Double
        let worst: Double
    }

    let registry: String
    /// A fine-tune, and its base.
    let model: String
    let base: String
    let runs: Int

    func report(notes: [String]) throws -> Report {
        let scratch = try ScratchFolder(in: nil)
        let file = scratch.path("pages.json")
        let status = try MeasuredProcess.spawn([
            "python3", "Benchmarks/serving/console.py", "--program", DeltaicProgram.path, "--registry", registry,
            "--model", model, "--base", base, "--runs", "\(runs)", "--json", file,
        ])
        guard status == 0, let data = FileManager.default.contents(atPath: file) else {
            throw BenchmarkFailure("the pages of the console could not be measured: run this from the project's root")
        }
        let rows = try JSONDecoder().decode([Row].self, from: data)
        return Report(
            title: "Pages of the console, over HTTP on loopback",
            notes: notes + ["one connection that is kept; the pages whole, without their style, which browsers keep"],
            columns: ["page", "bytes", "asked", "median ms", "p99 ms", "worst ms"],
            rows: rows.map { row in
                [
                    Cell(row.page), .count(row.bytes), .count(row.asked), .milliseconds(row.median / 1000),
                    .milliseconds(row.p99 / 1000), .milliseconds(row.worst / 1000),
                ]
            })
    }
}
