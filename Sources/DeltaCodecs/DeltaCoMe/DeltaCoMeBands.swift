public import DeltaicCore
internal import Kernels

/// How many singular directions are stored with how many bits, the largest first.
public struct DeltaCoMeBands: Sendable, Hashable, CustomStringConvertible {
    /// Bits of the factors, and how many directions.
    public struct Band: Sendable, Hashable {
        /// 2, 3, 4, 8 or 16.
        public let bits: Int
        public let width: Int
    }

    public let bands: [Band]

    /// The values that share a scale and a zero.
    static let group = 128
    static let widths = [2, 3, 4, 8, 16]

    init(_ bands: [Band]) {
        self.bands = bands.filter { $0.width > 0 }
    }

    /// Reads "8:2,3:32,2:968".
    ///
    /// - Throws: `.badSettings`.
    public init(text: String) throws(DeltaicError) {
        var bands: [Band] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let fields = part.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 2, let bits = Int(fields[0]), let width = Int(fields[1]), Self.widths.contains(bits),
                (1...FactorLayout.widthLimit).contains(width), bands.count < FactorObject.bandLimit
            else {
                throw DeltaicError(
                    .badSettings, "delta-come: the setting \"bands\" is off",
                    expected: "auto, or bits:columns of 2, 3, 4, 8 or 16 bits, such as 8:2,3:32,2:968",
                    found: "\"\(text)\"")
            }
            bands.append(Band(bits: bits, width: width))
        }
        self.bands = bands
    }

    /// The published rule: 2 directions of 8 bits, 32 of 3 bits, and of 2 bits as many as the ratio allows, which counts the bits of
    /// the factors alone.
    ///
    /// - Parameter alpha: the bits of the factors over 16 bits for each weight.
    public init(rows: Int, columns: Int, alpha: Double) {
        let budget = alpha * 16 * Double(rows) * Double(columns) / Double(rows + columns)
        self.init(rank: min(rows, columns), bitsPerRow: Int(min(max(0, budget + 1e-9), 1e15)))
    }

    /// As many directions as there are within a number of bits for a row of U and a column of V together.
    init(rank: Int, bitsPerRow: Int) {
        var left = bitsPerRow
        var rank = rank
        var bands: [Band] = []
        for (bits, most) in [(8, 2), (3, 32), (2, Int.max)] {
            let width = min(most, rank, left / bits)
            bands.append(Band(bits: bits, width: width))
            left -= width * bits
            rank -= width
        }
        self.init(bands)
    }

    /// No more directions than a matrix has.
    func limited(to rank: Int) -> DeltaCoMeBands {
        var left = rank
        return DeltaCoMeBands(
            bands.map { band in
                let width = min(band.width, left)
                left -= width
                return Band(bits: band.bits, width: width)
            })
    }

    public var rank: Int { bands.reduce(0) { $0 + $1.width } }

    public var description: String { bands.map { "\($0.bits):\($0.width)" }.joined(separator: ",") }

    /// The bits of the factors over 16 bits for each weight: what the paper quotes.
    public func quotedRatio(rows: Int, columns: Int) -> Double {
        Double(bands.reduce(0) { $0 + $1.bits * $1.width } * (rows + columns)) / (16 * Double(rows) * Double(columns))
    }

    /// The same with a scale of 16 bits and a zero for each group of 128, and 16 bits for each singular value.
    ///
    /// Ours are folded into the scales and take nothing, but the published method has them.
    public func trueRatio(rows: Int, columns: Int) -> Double {
        var bits = 0
        for band in bands {
            let groups =
                band.width * ((columns + Self.group - 1) / Self.group)
                + rows * ((band.width + Self.group - 1) / Self.group)
            bits +=
                band.bits * band.width * (rows + columns) + (band.bits < 16 ? groups * (16 + band.bits) : 0)
                + 16 * band.width
        }
        return Double(bits) / (16 * Double(rows) * Double(columns))
    }
}
