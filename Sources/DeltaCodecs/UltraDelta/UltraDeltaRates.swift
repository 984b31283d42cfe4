/// Variance-based mixed sparsity allocation: which share of each tensor is pruned.
///
/// Source: UltraDelta (arXiv 2505.13563); the two ways in which paper and public code do it.
enum UltraDeltaRates {
    /// What is asked of a tensor.
    struct Tensor {
        let name: String
        let count: Int
        /// The variance of its deltas, or their deviation after quantization: only the order matters.
        let spread: Double
    }

    /// The largest rate of the third that is solved for.
    static let codeLimit = 0.99

    /// The rates, in the order of `tensors`; tensors of equal spread are ordered by name.
    static func rates(
        _ tensors: [Tensor], sparsity: Double, step: Double, mode: UltraDeltaOptions.Mode
    ) -> [Double] {
        let order = tensors.indices.sorted {
            (tensors[$0].spread, tensors[$0].name) < (tensors[$1].spread, tensors[$1].name)
        }
        return mode == .paper
            ? thirdsOfTensors(order, sparsity: sparsity, step: step)
            : thirdsOfElements(order, counts: tensors.map(\.count), sparsity: sparsity, step: step)
    }

    private static func thirdsOfTensors(_ order: [Int], sparsity: Double, step: Double) -> [Double] {
        var rates = [Double](repeating: 0, count: order.count)
        for (place, tensor) in order.enumerated() {
            let third = 3 * place / order.count
            // A single tensor is neither.
            let shift = order.count == 1 ? 0 : 1 - third
            rates[tensor] = min(1, max(0, sparsity + Double(shift) * step))
        }
        return rates
    }

    private static func thirdsOfElements(
        _ order: [Int], counts: [Int], sparsity: Double, step: Double
    ) -> [Double] {
        let total = counts.reduce(0, +)
        var rates = [Double](repeating: 0, count: order.count)
        var top: [Int] = []
        var seen = 0
        var sizes = (low: 0.0, middle: 0.0, top: 0.0)
        for tensor in order {
            seen += counts[tensor]
            let size = Double(counts[tensor])
            if 3 * seen <= total {
                rates[tensor] = min(1, sparsity + step)
                sizes.low += size
            } else if 3 * seen <= 2 * total {
                rates[tensor] = sparsity
                sizes.middle += size
            } else {
                top.append(tensor)
                sizes.top += size
            }
        }
        let rest = sparsity * Double(total) - sparsity * sizes.middle - (sparsity + step) * sizes.low
        let rate = min(codeLimit, max(0, rest / sizes.top))
        for tensor in top { rates[tensor] = rate }
        return rates
    }
}
