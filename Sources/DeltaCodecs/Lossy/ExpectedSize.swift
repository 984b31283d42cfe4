internal import Foundation
internal import Kernels

/// What the entropy coder is expected to leave of streams that are not made yet.
///
/// It codes blocks of 128 KiB with a table of symbols each: a block takes the order-0 entropy of its bytes and its table, or stays
/// as it is.
struct ExpectedSize {
    /// How often each byte occurs, as shares.
    struct Histogram: Sendable {
        var shares: [Double]

        init(_ bytes: [UInt8]) {
            shares = [Double](repeating: 0, count: 256)
            for byte in bytes { shares[Int(byte)] += 1 / Double(max(1, bytes.count)) }
        }
    }

    private static let blockBytes = 131_072.0
    private static let tableBytes = 100.0

    private(set) var bytes = 0.0
    private var counts = [Double](repeating: 0, count: 256)
    private var filled = 0.0

    /// Appends `count` bytes that occur as in `histogram`.
    mutating func append(_ count: Double, _ histogram: Histogram) {
        var left = count
        while left > 0 {
            let part = min(left, Self.blockBytes - filled)
            for symbol in 0..<256 { counts[symbol] += part * histogram.shares[symbol] }
            filled += part
            left -= part
            if filled >= Self.blockBytes { endBlock() }
        }
    }

    /// Ends a block early: a boundary, or the end of a stream.
    mutating func endBlock() {
        guard filled > 0 else { return }
        var bits = 0.0
        for count in counts where count > 0 { bits -= count * log2(count / filled) }
        bytes += min(filled, 1.004 * bits / 8 + Self.tableBytes)
        counts = [Double](repeating: 0, count: 256)
        filled = 0
    }

    /// What is left of bytes that are there.
    static func of(_ bytes: [UInt8]) -> Double {
        guard !bytes.isEmpty else { return 0 }
        var size = ExpectedSize()
        size.append(Double(bytes.count), Histogram(bytes))
        size.endBlock()
        return size.bytes
    }
}
