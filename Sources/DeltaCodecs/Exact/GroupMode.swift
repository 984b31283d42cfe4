internal import DeltaicCore
internal import Foundation
internal import Kernels

/// How the symbols of one group are written.
enum GroupMode: UInt8 {
    /// Every symbol is 0; nothing is written.
    case zero = 0
    /// One symbol an element.
    case direct = 1
    /// A bit an element, and the symbols that are not 0.
    case sparse = 2

    /// The mode that is expected to take the fewest bits.
    static func choose(_ symbols: ArraySlice<UInt8>) -> GroupMode {
        let histogram = ByteHistogram.count(symbols)
        let total = symbols.count
        let zeros = histogram[0]
        if zeros == total { return .zero }
        let direct = huffmanBits(histogram, total: total)
        var significant = histogram
        significant[0] = 0
        let sparse = bitmapBits(zeros: zeros, total: total) + huffmanBits(significant, total: total - zeros)
        return sparse < direct ? .sparse : .direct
    }

    /// The entropy, but no symbol under one bit unless there is only one.
    private static func huffmanBits(_ histogram: [Int], total: Int) -> Double {
        var bits = 0.0
        for count in histogram where count > 0 && count < total {
            bits += Double(count) * max(1, log2(Double(total) / Double(count)))
        }
        return bits
    }

    /// The entropy of the bits, with Huffman's floor of one bit for eight of them.
    private static func bitmapBits(zeros: Int, total: Int) -> Double {
        let share = Double(zeros) / Double(total)
        var bits = 0.0
        for part in [share, 1 - share] where part > 0 { bits -= part * log2(part) }
        // Eight bits to a byte with whole-bit codes lose about 3 %; under an eighth of a bit, matches help a little.
        return Double(total) * max(bits * 1.03, 0.03)
    }
}

/// The symbols of all groups, sorted into the streams that hold them.
struct GroupedSymbols {
    var modes: [UInt8] = []
    var direct: [UInt8] = []
    /// Offsets in `direct` at which a large group begins.
    var directBoundaries: [Int] = []
    /// The symbols of sparse groups, zeros included.
    var sparse: [UInt8] = []

    /// A group of fewer symbols shares its entropy tables with its neighbours: a table costs about a hundred bytes.
    static let boundaryLimit = 2048

    init(symbols: [UInt8], groups: [Int]) {
        var start = 0
        for count in groups {
            let group = symbols[start..<start + count]
            let mode = GroupMode.choose(group)
            modes.append(mode.rawValue)
            switch mode {
            case .zero: break
            case .direct:
                if count >= Self.boundaryLimit && !direct.isEmpty { directBoundaries.append(direct.count) }
                direct.append(contentsOf: group)
            case .sparse: sparse.append(contentsOf: group)
            }
            start += count
        }
    }

    /// Puts the symbols of all groups back in arranged order.
    ///
    /// - Parameters:
    ///   - direct: the symbols of direct groups.
    ///   - sparse: the symbols of sparse groups, zeros included.
    static func join(modes: [GroupMode], groups: [Int], direct: [UInt8], sparse: [UInt8]) -> [UInt8] {
        var symbols: [UInt8] = []
        symbols.reserveCapacity(groups.reduce(0, +))
        var nextDirect = 0
        var nextSparse = 0
        for (mode, count) in zip(modes, groups) {
            switch mode {
            case .zero: symbols.append(contentsOf: repeatElement(0, count: count))
            case .direct:
                symbols.append(contentsOf: direct[nextDirect..<nextDirect + count])
                nextDirect += count
            case .sparse:
                symbols.append(contentsOf: sparse[nextSparse..<nextSparse + count])
                nextSparse += count
            }
        }
        return symbols
    }
}
