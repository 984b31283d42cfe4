internal import DeltaicCore
internal import Kernels

/// One side of a band: `rows` rows of `columns` values as they are stored.
struct FactorCodes: Sendable, Equatable {
    let rows: Int
    let columns: Int
    /// FP16 words; empty for codes.
    var words: [UInt16] = []
    /// Row-major; empty for FP16.
    var codes: [UInt8] = []
    /// FP16 words by row and group; those of left factors by vector (their column) and group.
    var scales: [UInt16] = []
    /// Codes of zero, by row and group; only of affine grids.
    var zeros: [UInt8] = []

    /// The values of FP16 words, or of codes whose groups run along the rows.
    ///
    /// - Parameters:
    ///   - byVector: groups run along the columns instead, and begin at row 0 of the matrix.
    ///   - firstRow: the row of the matrix that the first row is.
    func values(
        _ layout: FactorLayout, exponent: Int, byVector: Bool = false, firstRow: Int = 0, vectorLength: Int = 0
    ) -> [Float] {
        let power = QuantizationGrid.power(exponent)
        var result = [Float](repeating: 0, count: rows * columns)
        if layout.grid == .half {
            for index in result.indices { result[index] = Float(Float16(bitPattern: words[index])) * power }
            return result
        }
        let factor: Float = layout.grid == .affine ? 1 : 2
        let middle = Float(layout.grid == .zeroed ? 1 << layout.bits : 1 << layout.bits - 1)
        let groups = layout.groups(byVector ? vectorLength : columns)
        let length = layout.group == 0 ? Int.max : layout.group
        let steps = scales.map { Float(Float16(bitPattern: $0)) * power }
        if byVector {
            // Scales are by vector, that is by column: one row of them at a time.
            var current: [Float] = []
            var currentGroup = -1
            for row in 0..<rows {
                let group = (firstRow + row) / length
                if group != currentGroup {
                    current = (0..<columns).map { steps[$0 * groups + group] }
                    currentGroup = group
                }
                for column in 0..<columns {
                    let index = row * columns + column
                    result[index] = (factor * Float(codes[index]) - middle) * current[column]
                }
            }
            return result
        }
        for row in 0..<rows {
            for group in 0..<groups {
                let start = layout.group == 0 ? 0 : group * layout.group
                let end = layout.group == 0 ? columns : min(start + layout.group, columns)
                let step = steps[row * groups + group]
                let zero = layout.grid == .affine ? Float(zeros[row * groups + group]) : middle
                for index in row * columns + start..<row * columns + end {
                    result[index] = (factor * Float(codes[index]) - zero) * step
                }
            }
        }
        return result
    }

    /// Some of the rows; the scales of vectors stay as they are.
    func slice(_ range: Range<Int>, _ layout: FactorLayout) -> FactorCodes {
        let elements = range.lowerBound * columns..<range.upperBound * columns
        var result = FactorCodes(rows: range.count, columns: columns)
        if layout.grid == .half {
            result.words = Array(words[elements])
            return result
        }
        result.codes = Array(codes[elements])
        result.scales = scales
        if layout.grid == .affine {
            let groups = layout.groups(columns)
            let levels = range.lowerBound * groups..<range.upperBound * groups
            result.scales = Array(scales[levels])
            result.zeros = Array(zeros[levels])
        }
        return result
    }

    // MARK: - Bytes

    /// Words or codes, then what else there is.
    ///
    /// - Parameter boundaries: gets the offsets at which other statistics begin.
    func write(_ layout: FactorLayout, withScales: Bool, to writer: inout ByteWriter, boundaries: inout [Int]) {
        if layout.grid == .half {
            boundaries.append(writer.bytes.count + words.count)
            writer.planes(words)
            boundaries.append(writer.bytes.count)
            return
        }
        writer.append(PackedBits.pack(codes, bits: layout.bits))
        boundaries.append(writer.bytes.count)
        guard withScales else { return }
        writer.planes(scales)
        if layout.grid == .affine {
            boundaries.append(writer.bytes.count)
            writer.append(PackedBits.pack(zeros, bits: layout.bits))
        }
        boundaries.append(writer.bytes.count)
    }

    /// Reads `rows` x `columns` values.
    ///
    /// - Parameter groups: the groups of a row, 0 if the scales are elsewhere.
    init(
        rows: Int, columns: Int, groups: Int, _ layout: FactorLayout, from reader: inout ByteReader
    ) throws(DeltaicError) {
        self.rows = rows
        self.columns = columns
        if layout.grid == .half {
            words = try Self.halves(rows * columns, from: &reader)
            // Exponent bits all set: infinite, or no number.
            if words.contains(where: { $0 & 0x7c00 == 0x7c00 }) {
                throw .malformed("C-143", "a factor is no finite number")
            }
            return
        }
        codes = try Self.codes(rows * columns, bits: layout.bits, from: &reader)
        guard groups > 0 else { return }
        scales = try Self.scales(rows * groups, from: &reader)
        if layout.grid == .affine { zeros = try Self.codes(rows * groups, bits: layout.bits, from: &reader) }
    }

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// - Throws: `rule` for a scale that is negative, infinite or no number.
    static func scales(
        _ count: Int, rule: String = "C-143", from reader: inout ByteReader
    ) throws(DeltaicError) -> [UInt16] {
        let scales = try halves(count, from: &reader)
        if let scale = scales.first(where: { $0 >= 0x7c00 }) {
            throw .malformed(
                rule, "a scale is negative, or no finite number", found: "bits 0x\(String(scale, radix: 16))")
        }
        return scales
    }

    private static func halves(_ count: Int, from reader: inout ByteReader) throws(DeltaicError) -> [UInt16] {
        let bytes = try reader.take(2 * count, "FP16 words")
        return (0..<count).map { UInt16(bytes[$0]) | UInt16(bytes[count + $0]) << 8 }
    }

    private static func codes(
        _ count: Int, bits: Int, from reader: inout ByteReader
    ) throws(DeltaicError) -> [UInt8] {
        let bytes = try reader.take(PackedBits.byteCount(count: count, bits: bits), "codes")
        return PackedBits.unpack(bytes, count: count, bits: bits) ?? []
    }
}

extension ByteWriter {
    /// The low bytes of all words, then the high bytes: these are alike, and entropy coding wins the more.
    mutating func planes(_ words: [UInt16]) {
        append(words.map { UInt8(truncatingIfNeeded: $0) })
        append(words.map { UInt8(truncatingIfNeeded: $0 >> 8) })
    }
}
