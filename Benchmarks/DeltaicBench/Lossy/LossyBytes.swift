import DeltaicCore
import Foundation

/// Bytes of the lossy codecs against the accounting of their papers.
struct LossyBytes {
    let cases: [LossyCase]

    struct Row {
        let name: String
        let quoted: String
        let accounting: Double
        let streams: Double
        let whole: Double
        let promise: LossyCase.Promise?

        static func deviation(_ bits: Double, from accounting: Double) -> Double { 100 * (bits / accounting - 1) }

        /// By how much the promise is missed; nil if it is kept, or there is none.
        var broken: String? {
            let (bits, limit, what) =
                switch promise {
                case .whole(let limit): (whole, limit, "streams and records")
                case .streams(let limit): (streams, limit, "streams")
                case nil: (0, Double.infinity, "")
                }
            let deviation = Self.deviation(bits, from: accounting)
            guard abs(deviation) > limit else { return nil }
            return String(format: "%@: %@ are %+.2f %% off, the limit is %.1f %%", name, what, deviation, limit)
        }
    }

    /// Encodes the cases, two at a time.
    func measure() throws -> [Row] {
        // Rows that differ in their accounting alone are one encoding.
        let distinct = cases.reduce(into: [LossyCase]()) { list, item in
            if !list.contains(where: { same($0, item) }) { list.append(item) }
        }
        var deltas: [SyntheticDelta] = []
        for item in distinct where !deltas.contains(where: { $0.rows == item.rows && $0.columns == item.columns }) {
            deltas.append(SyntheticDelta(rows: item.rows, columns: item.columns, seed: 1))
        }
        let made = deltas
        let bits = try twoAtATime(distinct.count) { index -> (Double, Double) in
            let item = distinct[index]
            guard let delta = made.first(where: { $0.rows == item.rows && $0.columns == item.columns }) else {
                return (0, 0)
            }
            let trial = try LossyTrial(item.method(), delta)
            return (
                trial.bits(of: delta.weights, withRecords: false), trial.bits(of: delta.weights, withRecords: true)
            )
        }
        return cases.map { item in
            let (streams, whole) = distinct.firstIndex { same($0, item) }.map { bits[$0] } ?? (0, 0)
            return Row(
                name: item.name, quoted: item.quoted, accounting: item.accounting, streams: streams, whole: whole,
                promise: item.promise)
        }
    }

    private func same(_ one: LossyCase, _ other: LossyCase) -> Bool {
        one.codec == other.codec && one.settings == other.settings && one.rows == other.rows
            && one.columns == other.columns
    }

    static func report(_ rows: [Row]) -> Report {
        Report(
            title: "Bytes against the published accounting, one BF16 delta (base N(0, 0.02), delta N(0, 5e-4))",
            notes: [
                "bits for a weight; 4096 x 4096 unless the name says otherwise",
                "stored: all streams, shared objects, and \(LossyTrial.recordBytes) bytes of record for each chunk or object",
                "true ratio: 16 / stored; quoted: as published, mostly without positions, scales or headers",
            ],
            columns: [
                "codec", "streams", "stored", "accounting", "deviation %", "of streams %", "true ratio", "quoted",
            ],
            rows: rows.map { row in
                [
                    Cell(row.name), bits(row.streams), bits(row.whole), bits(row.accounting),
                    deviation(row.whole, row), deviation(row.streams, row), Cell(16 / row.whole, "ratio", digits: 1),
                    Cell(row.quoted),
                ]
            })
    }

    private static func bits(_ value: Double) -> Cell { Cell(value, "bits/weight", digits: 5) }

    private static func deviation(_ bits: Double, _ row: Row) -> Cell {
        Cell(Row.deviation(bits, from: row.accounting), "%", digits: 2)
    }
}
