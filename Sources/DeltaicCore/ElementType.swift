/// The dtype of a tensor's elements, named as safetensors names it.
public enum ElementType: String, Sendable, Codable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float8E4M3 = "F8_E4M3"
    case float8E5M2 = "F8_E5M2"
    case float8E8M0 = "F8_E8M0"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint64 = "U64"
    case uint32 = "U32"
    case uint16 = "U16"
    case uint8 = "U8"
    case bool = "BOOL"

    /// The number of bytes of one element.
    public var width: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float8E4M3, .float8E5M2, .float8E8M0, .int8, .uint8, .bool: 1
        }
    }

    /// The number of stored mantissa bits of a signed floating-point type, nil for any other type.
    ///
    /// The sign is the top bit and the exponent is what lies between.
    public var mantissaBits: Int? {
        switch self {
        case .float64: 52
        case .float32: 23
        case .float16: 10
        case .bfloat16: 7
        case .float8E4M3: 3
        case .float8E5M2: 2
        default: nil
        }
    }

    /// Whether the elements are integers that can be negative.
    public var isSignedInteger: Bool {
        switch self {
        case .int64, .int32, .int16, .int8: true
        default: false
        }
    }

    /// The number by which packs name the dtype; see `Schema/pack/pack-format.md`, section 5.
    public var code: UInt8 {
        switch self {
        case .float64: 1
        case .float32: 2
        case .float16: 3
        case .bfloat16: 4
        case .float8E4M3: 5
        case .float8E5M2: 6
        case .float8E8M0: 7
        case .int64: 8
        case .int32: 9
        case .int16: 10
        case .int8: 11
        case .uint64: 12
        case .uint32: 13
        case .uint16: 14
        case .uint8: 15
        case .bool: 16
        }
    }

    /// The dtype that a pack names by a number, nil if the number is unknown.
    public init?(code: UInt8) {
        guard let type = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = type
    }
}
