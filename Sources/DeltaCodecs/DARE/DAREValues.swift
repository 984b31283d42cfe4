internal import Kernels

/// How the deltas that are kept are stored; the numbers are those of the term's parameters.
enum DAREValues: String, CaseIterable {
    case bf16, fp16, fp32

    var number: UInt8 {
        switch self {
        case .bf16: 0
        case .fp16: 1
        case .fp32: 2
        }
    }

    init?(number: UInt8) {
        guard let values = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = values
    }

    var format: FloatFormat {
        switch self {
        case .bf16: .bfloat16
        case .fp16: .binary16
        case .fp32: .binary32
        }
    }

    var width: Int { format.width }

    /// The mean square of the rounding, relative to the value's: that of values spread evenly over a binade.
    var relativeNoise: Double {
        switch self {
        case .bf16: 1.5e-6
        case .fp16: 2.4e-8
        case .fp32: 4e-16
        }
    }
}
