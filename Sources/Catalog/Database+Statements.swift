internal import GRDB

// Statements are prepared once per connection and kept. `body` must not run the statement that feeds it.
extension Database {
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// Inserts a row and returns its id.
    func insert(_ sql: String, _ arguments: StatementArguments) throws -> Int64 {
        try run(sql, arguments)
        return lastInsertedRowID
    }

    func rows<Value>(_ sql: String, _ arguments: StatementArguments = [], _ body: (Row) throws -> Value) throws
        -> [Value]
    {
        let cursor = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        var values: [Value] = []
        while let row = try cursor.next() { values.append(try body(row)) }
        return values
    }

    func first<Value>(_ sql: String, _ arguments: StatementArguments = [], _ body: (Row) throws -> Value) throws
        -> Value?
    {
        let cursor = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        return try cursor.next().map(body)
    }

    func exists(_ sql: String, _ arguments: StatementArguments = []) throws -> Bool {
        try first(sql, arguments) { _ in true } ?? false
    }
}
