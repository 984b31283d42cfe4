import DeltaCodecs
import DeltaicCore
import Foundation
import PackFormat

struct T { let type: ElementType; let shape: [Int]; let bytes: [UInt8] }
func load(_ p: String) throws -> [String: T] {
    let d = try Data(contentsOf: URL(filePath: p + "/model.safetensors"))
    let n = Int(d.prefix(8).enumerated().reduce(0) { $0 + (Int($1.element) << (8 * $1.offset)) })
    let h = try JSONSerialization.jsonObject(with: d[8..<8 + n]) as! [String: Any]
    var r: [String: T] = [:]
    for (k, v) in h where k != "__metadata__" {
        let v = v as! [String: Any]
        let o = v["data_offsets"] as! [Int]
        r[k] = T(
            type: ElementType(rawValue: v["dtype"] as! String)!, shape: v["shape"] as! [Int],
            bytes: Array(d[(8 + n + o[0])..<(8 + n + o[1])]))
    }
    return r
}
@main struct Bench {
    static func main() throws {
        let a = CommandLine.arguments
        let x = try load(a[1])
        let b = a.count > 2 ? try load(a[2]) : [:]
        var raw = 0, stored = 0
        var byStream = [Int](repeating: 0, count: 10)
        var te = 0.0, td = 0.0
        let c = ContinuousClock()
        for (k, t) in x.sorted(by: { $0.key < $1.key }) {
            let grid = ChunkGrid(elementCount: t.bytes.count / t.type.width, width: t.type.width)
            var ts = 0
            for i in 0..<grid.chunkCount {
                let r = grid.bytes(of: i)
                let sh = ChunkShape(type: t.type, elementCount: grid.elements(of: i).count)
                let base = b[k].map { Array($0.bytes[r]) } ?? []
                let row = t.shape.last ?? 1
                let input = ChunkInput(
                    raw: Array(t.bytes[r]), shape: sh, rowLength: row, rowOffset: grid.elements(of: i).lowerBound % row,
                    base: base)
                var e: EncodedChunk!
                te += try c.measure { e = try CodecTable.encode(input, coder: ZstdStream()) } / .seconds(1)
                var back: [UInt8] = []
                td +=
                    try c.measure { back = try CodecTable.decode(e, shape: sh, base: base, coder: ZstdStream()) }
                    / .seconds(1)
                if back != input.raw { print("MISMATCH", k, i) }
                if e.codec == .exact { for (j, s) in e.streams.enumerated() { byStream[min(j, 9)] += s.bytes.count } }
                ts += e.storedBytes
            }
            raw += t.bytes.count; stored += ts
            if k.contains("word") || k.contains("position") || (k.contains("layer.3") && k.hasSuffix("weight")) {
                print(k, t.bytes.count, Double(ts) / Double(t.bytes.count))
            }
        }
        print(
            "total", raw, stored, Double(stored) / Double(raw), "enc GB/s", Double(raw) / te / 1e9, "dec",
            Double(raw) / td / 1e9)
        print(byStream)
    }
}
