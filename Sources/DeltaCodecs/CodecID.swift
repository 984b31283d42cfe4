/// A codec's number in packs, with its name for people.
public struct CodecID: Hashable, Sendable, CustomStringConvertible {
    public let number: UInt8

    public init(number: UInt8) {
        self.number = number
    }

    /// Stored on its own, losslessly.
    public static let solo = CodecID(number: 1)
    /// Stored as a lossless difference from a base.
    public static let exact = CodecID(number: 2)
    /// The same bytes as a chunk of another object.
    public static let reference = CodecID(number: 3)

    public var description: String {
        switch self {
        case .solo: "solo"
        case .exact: "exact"
        case .reference: "reference"
        default: "codec \(number)"
        }
    }
}
