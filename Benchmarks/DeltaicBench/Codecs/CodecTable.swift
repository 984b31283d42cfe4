import DeltaicCore

/// All codecs and references on one pair.
struct CodecTable {
    let report: Report
    /// Nil for a dtype whose differences are not counted.
    let information: Information?

    init(_ pair: ChunkedPair, runs: Int) throws {
        let raw = pair.rawBytes
        guard raw > 0 else { throw BenchmarkFailure("the \(pair.name) pair has no \(pair.type.rawValue) tensors") }
        let machine = try MachineSpeed(pair.chunks, runs: runs)
        let codecs = try TimedCodec.all().map { (name: $0.name, figures: try $0.measure(pair.chunks, runs: runs)) }
        let zstd = codecs.first { $0.name == "zstd -3" }?.figures
        var rows = [
            ("memcpy", machine.copySeconds), ("XXH3", machine.fastHashSeconds), ("SHA-256", machine.sha256Seconds),
        ]
        .map { name, seconds -> [Cell] in
            [
                Cell(name), .none, .speed(raw, seconds), .none, .ratio(machine.copySeconds, seconds), .none, .none,
                .none,
            ]
        }
        rows += codecs.map { name, figures in
            let encode = figures.encodeSeconds
            let decode = figures.decodeSeconds
            return [
                Cell(name), .percent(figures.storedBytes, of: raw), .speed(raw, encode), .speed(raw, decode),
                .ratio(machine.copySeconds, encode), .ratio(machine.copySeconds, decode),
                .ratio(zstd?.encodeSeconds ?? .nan, encode), .ratio(zstd?.decodeSeconds ?? .nan, decode),
            ]
        }
        report = Report(
            title: "Codecs on one thread: \(pair.name), \(raw / 1_000_000) MB in chunks of 2 MiB in memory",
            notes: [
                "GB/s of raw bytes, fastest of \(runs) passes; every chunk was decoded and compared byte for byte",
                "/memcpy, /zstd-3: the speed over that of memcpy, and of the same direction of zstd -3, in this run",
                "stored: streams alone, in % of raw, without records or index; BitX and TensorX on the same chunks",
            ],
            columns: [
                "codec", "stored %", "encode GB/s", "decode GB/s", "encode /memcpy", "decode /memcpy",
                "encode /zstd-3", "decode /zstd-3",
            ], rows: rows)

        func bits(_ name: String) -> Double {
            let stored = codecs.first { $0.name == name }?.figures.storedBytes
            return stored.map { 8 * Double($0) / Double(pair.weights) } ?? .nan
        }
        information = DifferenceEntropy.bitsPerWeight(of: pair).map {
            Information(
                pair: pair.name, weights: pair.weights, whole: $0.whole, perChunk: $0.perChunk, exact: bits("exact"),
                bitX: bits("BitX"), tensorX: bits("TensorX"))
        }
    }

    /// What a pair's differences hold, and what they take: in bits for a weight.
    struct Information {
        let pair: String
        let weights: Int
        let whole: Double
        let perChunk: Double
        let exact: Double
        let bitX: Double
        let tensorX: Double

        static func report(_ pairs: [Information]) -> Report {
            Report(
                title: "Information: bits for a weight, beside the entropy of the difference given the base's exponent",
                notes: [
                    "H: order-0 entropy of the difference of order-preserving integers, of FP32 as symbols and extra bits;"
                        + " one statistic for the whole pair, or one for each chunk whose tables cost nothing",
                    "exact may be below H: it also knows rows and segments, and what weight decay did",
                ],
                columns: [
                    "pair", "weights M", "H, whole pair", "H, per chunk", "exact", "exact /H-whole",
                    "exact /H-chunk", "BitX", "TensorX", "exact /BitX",
                ],
                rows: pairs.map { pair in
                    [
                        Cell(pair.pair), Cell(Double(pair.weights) / 1e6, "million", digits: 1), bits(pair.whole),
                        bits(pair.perChunk), bits(pair.exact), .ratio(pair.exact, pair.whole),
                        .ratio(pair.exact, pair.perChunk), bits(pair.bitX), bits(pair.tensorX),
                        .ratio(pair.exact, pair.bitX),
                    ]
                })
        }

        private static func bits(_ value: Double) -> Cell { Cell(value, "bits/weight", digits: 3) }
    }
}
