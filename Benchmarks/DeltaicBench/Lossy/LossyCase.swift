import DeltaCodecs
import DeltaicCore
import Foundation

/// A codec with settings, and what the paper behind it counts.
struct LossyCase: Sendable {
    /// What may be off by how much.
    enum Promise: Sendable {
        /// Streams and records together, in % of the accounting.
        case whole(Double)
        /// Streams alone: where the goal leaves out what the pack adds per chunk.
        case streams(Double)
    }

    let name: String
    let codec: CodecID
    let settings: CodecSettings
    let rows: Int
    let columns: Int
    /// Bits for a weight by the paper's, or the codec's own, arithmetic.
    let accounting: Double
    /// The ratio as it is quoted.
    let quoted: String
    var promise: Promise?
    /// Whether it decomposes matrices: minutes.
    var isSlow = false

    func method() throws(DeltaicError) -> any LossyMethod {
        try MethodTable.method(codec, settings: settings)
    }
}

/// The cases whose bytes are held against accounting.
struct LossyCases {
    var rows = 4096
    var columns = 4096

    func all(withWideSVD: Bool) -> [LossyCase] {
        ultraDelta + bitDelta + deltaDQ + sparse24 + [dare] + seededSign
            + deltaCoMe(rows: rows, columns: columns, width: 968)
            + (withWideSVD ? deltaCoMe(rows: 11_008, columns: 4096, width: 1428) : [])
    }

    /// Of each codec the one whose speed is measured; the names are stable.
    var speed: [LossyCase] {
        [
            // What all codecs share: statistics, reading, proof, quality.
            make("drop", .drop, [:]), seededSign[1], seededSign[3], ultraDelta[1],
            make("ultradelta 0.97, seeded mask", .ultraDelta, ["sparsity": .number(0.97), "mask": .text("seeded")]),
            bitDelta[0], bitDelta[1], dare, deltaDQ[0], sparse24[0],
            make("low-rank 16", .lowRank, ["rank": .number(16)], isSlow: true),
            deltaCoMe(rows: rows, columns: columns, width: 968)[0],
        ]
    }

    private func make(
        _ name: String, _ codec: CodecID, _ settings: CodecSettings, accounting: Double = 0, quoted: String = "-",
        promise: LossyCase.Promise? = nil, isSlow: Bool = false, rows: Int? = nil, columns: Int? = nil
    ) -> LossyCase {
        LossyCase(
            name: name, codec: codec, settings: settings, rows: rows ?? self.rows, columns: columns ?? self.columns,
            accounting: accounting, quoted: quoted, promise: promise, isSlow: isSlow)
    }

    private var weights: Double { Double(rows) * Double(columns) }

    /// 4 d + H(d): v3 of the paper; v2 quotes 4 / (1 - s).
    private var ultraDelta: [LossyCase] {
        [(0.95, "32.9x (v2: 80x)"), (0.97, "50.9x (v2: 133x)"), (0.99, "132.5x (v2: 400x)")].map { sparsity, quoted in
            let density = 1 - sparsity
            let entropy = -density * log2(density) - sparsity * log2(sparsity)
            return make(
                "ultradelta \(sparsity)", .ultraDelta, ["sparsity": .number(sparsity)],
                accounting: 4 * density + entropy, quoted: quoted, promise: .whole(3))
        }
    }

    private var bitDelta: [LossyCase] {
        [
            ("mean", 32 / weights), ("row", 16 / Double(columns)), ("column", 16 / Double(rows)),
            ("unbiased", 16 / Double(columns)),
        ].map { scale, bits in
            make(
                "bitdelta, scale: \(scale)", .bitDelta, ["scale": .text(scale)], accounting: 1 + bits, quoted: "16x",
                promise: .whole(0.5))
        }
    }

    /// k / alpha, as masks come from a seed.
    private var deltaDQ: [LossyCase] {
        [8, 32].map { alpha in
            let ratios = DeltaDQRatios(alpha: alpha, bits: 4, parts: 8)
            return make(
                "deltadq alpha \(alpha), k 4, m 8", .deltaDQ,
                ["alpha": .number(Double(alpha)), "bits": .number(4), "parts": .number(8)],
                accounting: 16 / ratios.stored,
                quoted: ratios.quoted.map { String(format: "%.0fx", $0) } ?? "infinite", promise: .whole(1))
        }
    }

    /// Two of four columns: six patterns for a group, a FP16 scale for a row.
    private var sparse24: [LossyCase] {
        [2, 4].map { bits in
            make(
                "sparse24 \(bits) bit", .sparse24, ["bits": .number(Double(bits))],
                accounting: Double(bits) / 2 + log2(6) / 4 + 16 / Double(columns),
                quoted: bits == 2 ? "9.86x (whole file)" : "-")
        }
    }

    private var dare: LossyCase {
        make("dare 0.9", .dare, ["drop": .number(0.9)], accounting: 1.6, quoted: "10x")
    }

    private var seededSign: [LossyCase] {
        [133.0, 200, 400, 800].map { ratio in
            make(
                String(format: "seeded-sign %.0fx", ratio), .seededSign, ["bits": .number(16 / ratio)],
                accounting: 16 / ratio, quoted: String(format: "%.0fx", ratio), promise: .streams(2))
        }
    }

    /// Factors alone, and with 16 bits of scale and a zero for 128 values, and 16 bits for a singular value.
    private func deltaCoMe(rows: Int, columns: Int, width: Int) -> [LossyCase] {
        let bands = [(8, 2), (3, 32), (2, width)]
        var factors = 0.0
        var scales = 0.0
        for (bits, width) in bands {
            factors += Double(bits * width * (rows + columns))
            scales +=
                Double(16 + bits) * Double(width * ((columns + 127) / 128) + rows * ((width + 127) / 128))
                + 16 * Double(width)
        }
        let weights = Double(rows * columns)
        let text = bands.map { "\($0):\($1)" }.joined(separator: ",")
        return [(" factors", factors), (", scales", factors + scales)].map { what, bits in
            make(
                "delta-come \(rows)x\(columns)\(what)", .deltaCoMe, ["bands": .text(text)],
                accounting: bits / weights, quoted: "16x", isSlow: true, rows: rows, columns: columns)
        }
    }
}
