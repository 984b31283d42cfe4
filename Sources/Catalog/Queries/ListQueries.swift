public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The models of which at least one version passes the filter, with the newest that does, in the filter's order.
    ///
    /// - Throws: `.badCursor` if the cursor is of another order.
    public func latestVersions(_ filter: ModelFilter = ModelFilter()) throws -> [ModelSummary] {
        try filter.after?.check(filter.order)
        if let search = filter.search, !NamePattern.canMatch(search) { return [] }
        let statement = ListStatement(filter)
        return try read { database in
            try database.rows(statement.sql, StatementArguments(statement.arguments)) { row in
                ModelSummary(
                    latest: try VersionRows.record(row), versionCount: try row.int(VersionRows.columnCount),
                    rawBytes: try row.int(VersionRows.columnCount + 1),
                    storedBytes: try row.int(VersionRows.columnCount + 2),
                    newestAt: try row.int(VersionRows.columnCount + 3))
            }
        }
    }

    /// The name of the model that is meant by a name in perhaps another letter case.
    ///
    /// - Returns: the name itself if there is a model of exactly that name; else the only one that differs in the case of
    ///   ASCII letters alone; nil if there is none, or more than one.
    public func canonicalName(_ name: ModelName) throws -> ModelName? {
        try read { database in
            let found = try database.rows(
                "SELECT name FROM models INDEXED BY models_by_folded_name WHERE name = ? COLLATE NOCASE AND versions > 0",
                [name.description]
            ) { try $0.modelName(0) }
            return found.contains(name) ? name : found.count == 1 ? found[0] : nil
        }
    }
}

/// The statement that reads a page of a listing.
///
/// It walks the index of its order from the cursor on and ends when the page is full. What a filter lets through is kept
/// out of the choice of the index by a plus sign and looked up in a set of model ids that is made once, so that neither a
/// filter that fits nothing nor one that fits all makes the page dear.
struct ListStatement {
    private(set) var arguments: [(any DatabaseValueConvertible)?] = []
    private var ofVersion = ""
    private var ofModel = ["m.versions > 0"]
    private let order: ListOrder

    init(_ filter: ModelFilter) {
        order = filter.order
        // In the order in which the statement has them: first what chooses a version, then what chooses a model.
        if filter.tag == nil { ofVersion += " AND x.on_main = 1" }
        if let base = filter.base { addVersionCondition(Self.hasBase, base.description) }
        if let task = filter.task { addVersionCondition(Self.hasTask, task) }
        if let tag = filter.tag {
            addVersionCondition("x.id = (SELECT version_id FROM tags WHERE model_id = m.id AND name = ?)", tag)
        }
        if let base = filter.base {
            addModelCondition("+m.id IN (SELECT x.model_id FROM versions x WHERE \(Self.hasBase))", [base.description])
        }
        if let task = filter.task {
            addModelCondition("+m.id IN (SELECT x.model_id FROM versions x WHERE \(Self.hasTask))", [task])
        }
        if let tag = filter.tag {
            addModelCondition("+m.id IN (SELECT model_id FROM tags WHERE name = ?)", [tag])
        }
        if let isBase = filter.isBase {
            addModelCondition("+m.id \(isBase ? "" : "NOT ")IN (SELECT id FROM models WHERE is_base = 1)")
        }
        if let namespace = filter.namespace {
            // "0" comes after "/".
            let name = order.key == .name ? "m.name" : "+m.name"
            addModelCondition("\(name) >= ? AND \(name) < ?", [namespace + "/", namespace + "0"])
        }
        if let name = filter.name { addModelCondition("m.name = ?", [name.description]) }
        if let search = filter.search {
            addModelCondition("m.name LIKE ? ESCAPE '\\'", [NamePattern.containing(search)])
        }
        if let cursor = filter.after { addCursor(cursor) }
        arguments.append(filter.limit.map { max(0, $0) } ?? -1)
    }

    var sql: String {
        """
        SELECT \(VersionRows.columns), m.versions, m.raw_bytes, m.stored_bytes, m.newest_at
        FROM models m INDEXED BY \(index)
        CROSS JOIN versions v ON v.id =
            (SELECT x.id FROM versions x WHERE x.model_id = m.id\(ofVersion) ORDER BY x.number DESC LIMIT 1)
        \(VersionRows.joins)
        WHERE \(ofModel.joined(separator: " AND "))
        ORDER BY \(ordering) LIMIT ?
        """
    }

    private static let hasBase =
        "x.base_version_id IN (SELECT id FROM versions WHERE model_id = (SELECT id FROM models WHERE name = ?))"
    private static let hasTask = "x.task_id = (SELECT id FROM tasks WHERE name = ?)"

    private mutating func addVersionCondition(_ sql: String, _ argument: String) {
        ofVersion += " AND " + sql
        arguments.append(argument)
    }

    private mutating func addModelCondition(_ sql: String, _ values: [any DatabaseValueConvertible] = []) {
        ofModel.append(sql)
        arguments += values
    }

    private mutating func addCursor(_ cursor: ListCursor) {
        let name = cursor.name.description
        switch (column, order.isDescending) {
        case (nil, false): addModelCondition("m.name > ?", [name])
        case (nil, true): addModelCondition("m.name < ?", [name])
        case (let column?, false): addModelCondition("(m.\(column), m.name) > (?, ?)", [cursor.figure, name])
        case (let column?, true):
            addModelCondition(
                "m.\(column) <= ? AND (m.\(column) < ? OR m.name > ?)", [cursor.figure, cursor.figure, name])
        }
    }

    /// The column of the figure, nil in an order by name.
    private var column: String? {
        switch order.key {
        case .name: nil
        case .created: "newest_at"
        case .registered: "raw_bytes"
        case .stored: "stored_bytes"
        }
    }

    private var ordering: String {
        let direction = order.isDescending ? " DESC" : ""
        return column.map { "m.\($0)\(direction), m.name" } ?? "m.name" + direction
    }

    private var index: String {
        "models_by_\(order.key.rawValue)\(order.key != .name && order.isDescending ? "_descending" : "")"
    }
}

/// A text that is looked for in names.
enum NamePattern {
    /// Whether the text can stand in a name at all; anything else would only be work for the database.
    static func canMatch(_ text: String) -> Bool {
        text.utf8.count <= 193
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122: true
                default: "-_./".utf8.contains(byte)
                }
            }
    }

    /// A pattern for LIKE, which knows no letter case, that fits names with the text in them.
    static func containing(_ text: String) -> String {
        "%" + text.map { "%_\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "%"
    }
}
