/// Where a page of a listing ended: the order, and the key of the last model.
///
/// The text is for handing back, not for reading; it needs no escaping in a URL. A model that is removed or that moves
/// between two pages does not disturb the others: the next page begins after the key, whether or not it is still there.
public struct ListCursor: Hashable, Sendable {
    public let order: ListOrder
    /// The figure by which the last model was ordered; 0 in an order by name.
    public let figure: Int
    public let name: ModelName

    public init(order: ListOrder, figure: Int, name: ModelName) {
        self.order = order
        self.figure = figure
        self.name = name
    }

    /// Reads what ``description`` wrote.
    /// - Throws: `.badCursor` if the text is anything else.
    public static func parse(_ text: String) throws(DeltaicError) -> ListCursor {
        guard let cursor = ListCursor(text) else {
            throw DeltaicError(
                .badCursor, "the text is no place in a listing", found: "\"\(text.prefix(120))\"",
                advice: "begin again without a cursor")
        }
        return cursor
    }

    /// Refuses to go on in another order.
    /// - Throws: `.badCursor`.
    public func check(_ wanted: ListOrder) throws(DeltaicError) {
        guard order == wanted else {
            throw DeltaicError(
                .badCursor, "the cursor is of a listing in another order", expected: "\(wanted)", found: "\(order)",
                advice: "ask for the order of the first page, or begin again without a cursor")
        }
    }
}

extension DeltaicError.Code {
    /// A cursor that no listing gave, or that another listing did.
    public static let badCursor = Self("badCursor", .refusedInput)
}

extension ListCursor: LosslessStringConvertible {
    // "~" needs no escaping in a URL and stands in no name.
    private static let separator: Character = "~"

    public init?(_ description: String) {
        let parts = description.split(separator: Self.separator, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, let order = ListOrder(String(parts[0])), let figure = Int(parts[1]),
            figure >= 0, order.key != .name || figure == 0,
            let name = try? ModelName(parts[2...].joined(separator: "/"))
        else { return nil }
        self.init(order: order, figure: figure, name: name)
        if self.description != description { return nil }
    }

    public var description: String {
        let name = [name.namespace, name.name].compactMap(\.self)
        return (["\(order)", "\(figure)"] + name).joined(separator: String(Self.separator))
    }
}
