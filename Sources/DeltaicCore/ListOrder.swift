/// What models are listed by.
///
/// Figures are those of the whole model, whatever filter decides which of its versions is shown; equal ones are ordered by
/// name, from a, in both directions.
public struct ListOrder: Hashable, Sendable {
    /// What is compared.
    public enum Key: String, Sendable, CaseIterable {
        case name
        /// When the newest version was registered.
        case created
        /// The bytes of the files of all versions.
        case registered
        /// The bytes of the packs of all versions.
        case stored
    }

    public let key: Key
    /// From the largest, the newest or z.
    public let isDescending: Bool

    public init(_ key: Key, descending: Bool = false) {
        self.key = key
        isDescending = descending
    }

    /// Every order there is.
    public static let all = Key.allCases.flatMap { [ListOrder($0), ListOrder($0, descending: true)] }
}

extension ListOrder: LosslessStringConvertible {
    /// Reads `created` or `created-descending`.
    public init?(_ description: String) {
        guard let order = Self.all.first(where: { $0.description == description }) else { return nil }
        self = order
    }

    public var description: String { isDescending ? key.rawValue + "-descending" : key.rawValue }
}
