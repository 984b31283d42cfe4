/// The dimensions of a tensor, outermost first; a scalar has none.
public struct TensorShape: Hashable, Sendable, Codable, CustomStringConvertible {
    public let dimensions: [Int]
    /// The product of the dimensions: 1 for a scalar, 0 if any dimension is 0.
    public let elementCount: Int

    /// Returns nil if a dimension is negative or the product of those that are not 0 does not fit 63 bits.
    public init?(_ dimensions: [Int]) {
        // A dimension of 0 must not hide that the others overflow: rows are counted without it.
        var count = 1
        for dimension in dimensions where dimension != 0 {
            guard dimension > 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow else { return nil }
            count = product
        }
        self.dimensions = dimensions
        elementCount = dimensions.contains(0) ? 0 : count
    }

    /// The number of elements of one index of the first dimension: 1 for a scalar or a vector.
    public var rowLength: Int {
        dimensions.dropFirst().reduce(1, *)
    }

    /// The number of leading elements that two tensors share row by row: those of the smaller first dimension when all
    /// other dimensions agree (a resized vocabulary), 0 when they do not.
    public func commonElements(with other: TensorShape) -> Int {
        guard dimensions.count == other.dimensions.count else { return 0 }
        if dimensions == other.dimensions { return elementCount }
        guard dimensions.dropFirst().elementsEqual(other.dimensions.dropFirst()) else { return 0 }
        return min(elementCount, other.elementCount)
    }

    public var description: String {
        "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
    }

    public init(from decoder: any Decoder) throws {
        let dimensions = try decoder.singleValueContainer().decode([Int].self)
        guard let shape = TensorShape(dimensions) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(dimensions) is not a possible shape"))
        }
        self = shape
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(dimensions)
    }
}
