/// Keeps a statement to the models of a namespace.
struct NamespaceCondition {
    let arguments: [String]

    init(_ namespace: String?) {
        // "0" comes after "/".
        arguments = namespace.map { [$0 + "/", $0 + "0"] } ?? []
    }

    /// What follows a WHERE, for a column with the id of a model; nothing if all namespaces are meant.
    func sql(ofModel column: String) -> String {
        arguments.isEmpty ? "" : "AND \(column) IN (SELECT id FROM models WHERE name >= ?1 AND name < ?2)"
    }
}
