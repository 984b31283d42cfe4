/// A table of a page, whose first column names the row.
struct DataTable {
    struct Column {
        let title: String
        let isNumber: Bool

        static func text(_ title: String) -> Column { Column(title: title, isNumber: false) }
        static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
    }

    let label: String
    let columns: [Column]
    private var rows: [[Markup]] = []

    /// - Parameter label: what the table is of, for those who hear it.
    init(_ label: String, _ columns: [Column]) {
        self.label = label
        self.columns = columns
    }

    var isEmpty: Bool { rows.isEmpty }

    /// Adds a row with one value per column.
    mutating func add(_ row: [Markup]) {
        rows.append(row)
    }

    var markup: Markup {
        let head = columns.map { column in
            column.isNumber
                ? "<th scope=\"col\" class=\"number\">\(column.title)</th>"
                : "<th scope=\"col\">\(column.title)</th>" as Markup
        }
        let body = rows.map { row in
            var line: Markup = "<tr>"
            for (index, value) in row.enumerated() {
                if index == 0 {
                    line += "<th scope=\"row\">\(value)</th>"
                } else if columns[index].isNumber {
                    line += "<td class=\"number\">\(value)</td>"
                } else {
                    line += "<td>\(value)</td>"
                }
            }
            line += "</tr>"
            return line
        }
        return Parts.scroller(
            label,
            """
            <table>
            <thead><tr>\(Markup(head, separator: ""))</tr></thead>
            <tbody>
            \(body)</tbody>
            </table>
            """)
    }
}
