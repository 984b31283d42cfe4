internal import DeltaicCore

/// The object that all chunks of a tensor share: the layout of the bands, and the right factors.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 14.
struct FactorObject: Sendable {
    struct Band: Sendable {
        let layout: FactorLayout
        /// V^T with the singular values: `layout.width` rows.
        let right: FactorCodes
        /// The scales of the left vectors, by vector and group; empty where chunks have them.
        let leftScales: [UInt16]
    }

    static let payloadVersion: UInt8 = 1
    static let bandLimit = 16
    /// The values of the right factors of a tensor: a GiB of them.
    static let valueLimit = 1 << 28

    /// The shape of the matrix.
    let rows: Int
    let columns: Int
    let bands: [Band]

    var rank: Int { bands.reduce(0) { $0 + $1.layout.width } }

    /// The right factors of all bands, rank x columns.
    var right: [Float] {
        var result: [Float] = []
        result.reserveCapacity(rank * columns)
        for band in bands { result += band.right.values(band.layout, exponent: band.layout.rightExponent) }
        return result
    }

    /// The bytes of the rows of U in a chunk with `rows` rows.
    func chunkBytes(rows: Int) -> Int { bands.reduce(0) { $0 + $1.layout.chunkBytes(rows: rows) } }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.append([Self.payloadVersion])
        writer.varint(rows)
        writer.varint(columns)
        writer.append([UInt8(bands.count)])
        for band in bands { band.layout.write(to: &writer) }
        var boundaries: [Int] = []
        for band in bands {
            band.right.write(band.layout, withScales: true, to: &writer, boundaries: &boundaries)
            writer.planes(band.leftScales)
        }
        return writer.bytes
    }

    init(rows: Int, columns: Int, bands: [Band]) {
        self.rows = rows
        self.columns = columns
        self.bands = bands
    }

    /// - Parameter columns: the length of a row that the chunk gives.
    /// - Throws: `.malformedChunk` by C-141 to C-143.
    init(_ bytes: [UInt8], columns expected: Int) throws(DeltaicError) {
        var reader = ByteReader(bytes, place: "factors")
        let version = try reader.uint8("payload version")
        guard version == Self.payloadVersion else {
            throw .malformed(
                "C-141", "unknown payload version", expected: "\(Self.payloadVersion)", found: "\(version)")
        }
        rows = try reader.varint("rows", limit: FactorLayout.sideLimit)
        columns = try reader.varint("columns", limit: FactorLayout.sideLimit)
        guard rows >= 1, columns == expected else {
            throw .malformed(
                "C-141", "the factors are of another matrix", expected: "rows of \(expected)",
                found: "\(rows) rows of \(columns)")
        }
        let count = Int(try reader.uint8("number of bands"))
        guard (1...Self.bandLimit).contains(count) else {
            throw .malformed(
                "C-141", "wrong number of bands", expected: "1 to \(Self.bandLimit)", found: "\(count)")
        }
        var layouts: [FactorLayout] = []
        for _ in 0..<count { layouts.append(try FactorLayout(from: &reader)) }
        // All lengths follow from the layouts; nothing is allocated before they fit.
        var length = 0
        for layout in layouts {
            // A width and a side are together under 2^60 values.
            guard layout.width * max(rows, columns) <= FactorLayout.sideLimit else {
                throw .malformed("C-141", "the factors are too long for their object")
            }
            length += layout.sharedBytes(rows: rows, columns: columns)
        }
        let rank = layouts.reduce(0) { $0 + $1.width }
        guard rank * columns <= Self.valueLimit else {
            throw .malformed(
                "C-141", "the right factors are over the budget", expected: "at most \(Self.valueLimit) values",
                found: "\(rank) x \(columns)")
        }
        guard length == reader.remaining else {
            throw .malformed(
                "C-141", "the factors do not fit their object", expected: "\(length) bytes",
                found: "\(reader.remaining)")
        }
        var bands: [Band] = []
        for layout in layouts {
            let right = try FactorCodes(
                rows: layout.width, columns: columns, groups: layout.groups(columns), layout, from: &reader)
            let leftScales =
                layout.grid.isByVector
                ? try FactorCodes.scales(layout.width * layout.groups(rows), from: &reader) : []
            bands.append(Band(layout: layout, right: right, leftScales: leftScales))
        }
        self.bands = bands
    }

    /// The rows of U that a chunk stores, for all bands side by side: rows x rank.
    ///
    /// - Throws: `.malformedChunk` by C-143 and C-144.
    func left(_ bytes: [UInt8], rows range: Range<Int>) throws(DeltaicError) -> [Float] {
        guard bytes.count == chunkBytes(rows: range.count) else {
            throw .malformed(
                "C-144", "the left factors are too few or too many", expected: "\(chunkBytes(rows: range.count)) bytes",
                found: "\(bytes.count)")
        }
        var reader = ByteReader(bytes, place: "left factors")
        let rank = rank
        var result = [Float](repeating: 0, count: range.count * rank)
        var offset = 0
        for band in bands {
            let layout = band.layout
            var left = try FactorCodes(
                rows: range.count, columns: layout.width,
                groups: layout.grid == .affine ? layout.groups(layout.width) : 0, layout, from: &reader)
            if layout.grid.isByVector { left.scales = band.leftScales }
            let values = left.values(
                layout, exponent: layout.leftExponent, byVector: layout.grid.isByVector, firstRow: range.lowerBound,
                vectorLength: rows)
            for row in 0..<range.count {
                for column in 0..<layout.width {
                    result[row * rank + offset + column] = values[row * layout.width + column]
                }
            }
            offset += layout.width
        }
        return result
    }
}
