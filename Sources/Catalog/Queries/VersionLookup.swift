internal import DeltaicCore
internal import GRDB

/// Finds a version of a model, and says what there is when it does not.
struct VersionLookup {
    let database: Database
    let model: ModelName

    func modelID() throws -> Int64 {
        let found = try database.first("SELECT id FROM models WHERE name = ? AND versions > 0", [model.description]) {
            try $0.decode(Int64.self, atIndex: 0)
        }
        guard let found else { throw try unknownModel() }
        return found
    }

    /// - Throws: `.catalogDamaged` if a row or an index led to another version than the one that was asked for.
    func version(_ selector: VersionReference.Selector) throws -> VersionRecord {
        let found = try find(selector)
        guard found.model == model else { throw misled("the model \(found.model)") }
        return found
    }

    /// The newest version on `main`, nil if there is none.
    func newest(_ id: Int64) throws -> VersionRecord? {
        let number = try database.first("SELECT newest_number FROM models WHERE id = ?", [id]) { try $0.int(0) } ?? 0
        let newest = try database.first(
            VersionRows.select + " WHERE v.model_id = ? AND v.on_main = 1 ORDER BY v.number DESC LIMIT 1",
            [id], VersionRows.record)
        guard newest?.number ?? 0 == number, newest?.model ?? model == model else {
            throw misled(newest.map { "v\($0.number) where v\(number) is the newest" } ?? "no version")
        }
        return newest
    }

    private func misled(_ target: String) -> DeltaicError {
        DeltaicError.damagedRow("the catalog contradicts itself about \(model): a name led to \(target)")
    }

    private func find(_ selector: VersionReference.Selector) throws -> VersionRecord {
        let id = try modelID()
        switch selector {
        case .latest:
            guard let newest = try newest(id) else { throw DeltaicError.damagedRow("\(model) has no version on main") }
            return newest
        case .number(let number):
            guard let found = try version(id, number: number) else {
                throw try unknownVersion("\(model) has no version v\(number)", id)
            }
            return found
        case .commit(let digits):
            return try version(id, commit: digits)
        case .tag(let tag):
            guard let found = try version(id, named: tag, in: "tags") else { throw try unknownTag(tag, id) }
            return found
        case .revision(let name):
            let found = try version(id, named: name, in: "branches") ?? version(id, named: name, in: "tags")
            let number = name.first == "v" ? Int(name.dropFirst()) : nil
            guard let found = try found ?? number.flatMap({ try version(id, number: $0) }) else {
                throw DeltaicError(.unknownVersion, "\(model) has no branch, tag or version \"\(name)\"")
            }
            return found
        }
    }

    private func version(_ id: Int64, number: Int) throws -> VersionRecord? {
        let found = try database.first(
            VersionRows.select + " WHERE v.model_id = ? AND v.number = ?", [id, number], VersionRows.record)
        // The index alone may have said so.
        if let found, found.number != number { throw misled("v\(found.number) where v\(number) was asked for") }
        return found
    }

    /// - Parameter table: `tags` or `branches`.
    private func version(_ id: Int64, named name: String, in table: String) throws -> VersionRecord? {
        let row = try database.first(
            "SELECT version_id, commit_id, name FROM \(table) WHERE model_id = ? AND name = ?", [id, name]
        ) { row in
            (id: try row.decode(Int64.self, atIndex: 0), commit: try row.fixed(1) as GitObjectID, name: try row.text(2))
        }
        guard let row else { return nil }
        let found = try VersionRows.version(VersionID(rawValue: row.id), database)
        guard let found, found.commit == row.commit, row.name == name else {
            throw misled("another version than \"\(name)\" was set to")
        }
        return found
    }

    func unknownTag(_ tag: String, _ id: Int64) throws -> DeltaicError {
        let tags = try database.rows("SELECT name FROM tags WHERE model_id = ? ORDER BY name", [id]) { try $0.text(0) }
        return DeltaicError(
            .unknownTag, "\(model) has no tag \"\(tag)\"",
            advice: tags.isEmpty ? "it has no tags at all" : "it has the tags " + someOf(tags))
    }

    private func version(_ id: Int64, commit digits: String) throws -> VersionRecord {
        let missing = 40 - digits.utf8.count
        guard missing >= 0, let low = GitObjectID(hex: digits + String(repeating: "0", count: missing)),
            let high = GitObjectID(hex: digits + String(repeating: "f", count: missing))
        else {
            throw DeltaicError(.invalidName, "\"\(digits)\" is no commit id", expected: "up to 40 hexadecimal digits")
        }
        let found = try database.rows(
            VersionRows.select + " WHERE v.model_id = ? AND v.commit_id BETWEEN ? AND ? ORDER BY v.number LIMIT 9",
            [id, low.blob, high.blob], VersionRows.record)
        guard let only = found.first else {
            throw try unknownVersion("\(model) has no version with commit id \(digits)", id)
        }
        guard found.count == 1 else {
            throw DeltaicError(
                .ambiguousCommit, "\(digits) is the start of more than one commit id of \(model)",
                advice: "give more digits: " + someOf(found.map { "\($0.commit) is v\($0.number)" }))
        }
        guard only.commit.hex.hasPrefix(digits.lowercased()) else { throw misled("the commit \(only.commit)") }
        return only
    }

    private func unknownVersion(_ message: String, _ id: Int64) throws -> DeltaicError {
        let numbers = try database.rows("SELECT number FROM versions WHERE model_id = ? ORDER BY number DESC", [id]) {
            "v\(try $0.int(0))"
        }
        return DeltaicError(.unknownVersion, message, advice: "it has " + someOf(numbers))
    }

    private func unknownModel() throws -> DeltaicError {
        let names = try database.rows("SELECT name FROM models WHERE versions > 0 ORDER BY name") { try $0.text(0) }
        let advice =
            names.isEmpty
            ? "nothing is registered yet"
            : (NameSuggestion.closest(to: model.description, in: names).map { "did you mean \($0)? " } ?? "")
                + "`deltaic list` shows what there is"
        return DeltaicError(.unknownModel, "there is no model or base \(model)", advice: advice)
    }
}

/// The first few of a list, and how many more there are.
func someOf(_ items: [String], limit: Int = 8) -> String {
    let shown = items.prefix(limit).joined(separator: ", ")
    return items.count > limit ? shown + " and \(items.count - limit) more" : shown
}
