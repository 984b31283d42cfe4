import DeltaicCore
import Testing

@Suite("Cursors of listings")
struct ListCursorTests {
    @Test("a cursor is read back from its text, which needs no escaping in a URL", arguments: ListOrder.all)
    func roundTrip(order: ListOrder) throws {
        for name in ["a", "org/a", "_a-b.c/D_9"] {
            for figure in order.key == .name ? [0] : [0, 7, 1 << 50] {
                let cursor = ListCursor(order: order, figure: figure, name: try ModelName(name))
                #expect(try ListCursor.parse(cursor.description) == cursor)
                let isUnreserved = cursor.description.utf8.allSatisfy { byte in
                    switch byte {
                    case 48...57, 65...90, 97...122: true
                    default: "-._~".utf8.contains(byte)
                    }
                }
                #expect(isUnreserved, "\(cursor)")
            }
        }
    }

    @Test(
        "what no listing wrote is refused",
        arguments: [
            "", "~", "~~", "name", "name~0", "name~0~", "name~1~a", "name~00~a", "created~-1~a", "created~+1~a",
            "created~ 1~a", "created~1~a~b~c", "created~1~a/b/c", "created~1~a/b", "created~99999999999999999999~a",
            "size~1~a",
            "created-ascending~1~a", "name~0~\u{e9}", "NAME~0~a",
        ])
    func malformed(text: String) {
        let error = #expect(throws: DeltaicError.self) { try ListCursor.parse(text) }
        #expect(error?.code == .badCursor)
        #expect(ListCursor(text) == nil)
    }
}
