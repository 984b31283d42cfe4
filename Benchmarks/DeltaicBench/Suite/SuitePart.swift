import Foundation

/// A part of the suite: a process of its own, so that its memory and its allocator are its own.
struct SuitePart {
    let name: String
    let command: [String]

    /// What comes of a part, as it is in the file of all figures.
    struct Outcome {
        let seconds: Double
        /// Nil if all went well.
        let failure: String?
        /// The part's own JSON; nil if it left none.
        let figures: Any?
    }

    /// Runs it with its tables on this process's output.
    func run() throws -> Outcome {
        let scratch = try ScratchFolder(in: nil)
        let file = scratch.path("figures.json")
        let start = ContinuousClock.now
        let result = Result { try MeasuredProcess.spawn(command + ["--json", file]) }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let failure: String? =
            switch result {
            case .success(0): nil
            case .success(let status): "ended with status \(status)"
            case .failure(let error): "\(error)"
            }
        let figures = FileManager.default.contents(atPath: file).flatMap {
            try? JSONSerialization.jsonObject(with: $0)
        }
        return Outcome(seconds: seconds, failure: failure, figures: figures)
    }

    /// All parts, in the order in which they are run.
    ///
    /// - Parameters:
    ///   - models: where the real models are; nil leaves out what is measured on them.
    ///   - python: a Python with the peers; nil leaves out what it would run.
    static func all(isQuick: Bool, models: String?, python: String?, scratch: String?) -> [SuitePart] {
        let real = models.map { ["--models", $0] }
        let place = scratch.map { ["--scratch", $0] } ?? []
        func own(_ name: String, _ arguments: [String]? = [], quick: [String] = [], full: [String] = []) -> SuitePart? {
            guard let arguments else { return nil }
            return SuitePart(
                name: name, command: [CommandLine.arguments[0], name] + arguments + (isQuick ? quick : full))
        }
        func script(_ name: String, _ path: String, quick: [String] = [], full: [String] = []) -> SuitePart? {
            guard let python, let real else { return nil }
            return SuitePart(
                name: name,
                command: [python, "Benchmarks/\(path)"] + real + (isQuick ? quick : full))
        }
        let madeUp = own(
            "throughput", ["--synthetic", isQuick ? "250" : "2000", "--runs", isQuick ? "2" : "3"] + place)
        return [
            own("codecs", real, quick: ["--runs", "2"], full: ["--runs", "7"]),
            own("sizes", real),
            own("throughput", real.map { $0 + place }, quick: ["--runs", "2"], full: ["--runs", "5"]),
            madeUp.map { SuitePart(name: "throughput-synthetic", command: $0.command) },
            script("peers", "peers/peers.py", quick: ["--runs", "2"]),
            script("http", "serving/speed.py", quick: ["--repeat", "2"]),
            // Quick: the bytes against their accounting; in full: the time of encoding. Decoding is among the codecs.
            own("lossy", quick: ["--quick"], full: ["--speed-only"]),
            own("catalog", quick: ["--model-count", "1000", "--runs", "50"]),
            own("scale", place, quick: ["--sizes", "0.1", "0.5", "--counts", "10", "100"]),
            own("instructions"),
        ].compactMap(\.self)
    }
}
