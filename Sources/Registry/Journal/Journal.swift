internal import Catalog
internal import DeltaicCore
internal import Glibc

/// The file beside the packs that says what happened and is in no pack: which versions were removed, where tags point.
///
/// The catalog comes first: a change is made when its transaction is durable, and its events are copied here at once. What a crash
/// leaves uncopied is copied after the next change. So the journal may lack the last events, for which the catalog is
/// needed; that it has events which the catalog lacks means that the catalog lost them.
struct Journal: Sendable {
    static let fileName = "journal.log"

    let path: String
    /// Takes a journal whose lines may say what nothing else does, before it is begun anew.
    let quarantine: Quarantine

    /// What can be read of it.
    struct Contents: Sendable {
        var events: [CatalogEvent] = []
        /// What is wrong with it, one sentence each.
        var problems: [String] = []
        /// The bytes up to the end of the last line that is whole.
        var length = 0

        var last: Int { events.last?.sequence ?? 0 }
    }

    /// Reads all of it; what is damaged is passed over and reported.
    ///
    /// - Throws: `.ioFailure` if the system cannot read it. A journal that is not there is empty.
    func read() throws(DeltaicError) -> Contents {
        guard access(path, F_OK) == 0 else { return Contents() }
        let file = try ReadOnlyFile(path: path)
        return Self.parse(try file.read(0..<file.size), path: path)
    }

    /// - Parameter isTail: whether lines came before, which are not in `bytes`.
    private static func parse(_ bytes: [UInt8], path: String, isTail: Bool = false) -> Contents {
        var contents = Contents()
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
            let isWhole = end != nil
            let line = JournalLine(bytes[start..<(end ?? bytes.count)])
            let next = end.map { $0 + 1 } ?? bytes.count
            if let line, isWhole {
                if let last = contents.events.last, line.event.sequence != last.sequence + 1 {
                    contents.problems.append(
                        "\(path): event \(last.sequence) is followed by event \(line.event.sequence)")
                }
                contents.events.append(line.event)
                contents.length = next
            } else if next < bytes.count {
                contents.problems.append("\(path): the line at offset \(start) is damaged")
            }
            // A last line that is not whole is what a crash leaves; its event is still in the catalog.
            start = next
        }
        if !isTail, let first = contents.events.first, first.sequence != 1,
            !first.json.hasPrefix(#"{"event":"snapshot""#)
        {
            contents.problems.append("\(path): the events before event \(first.sequence) are missing")
        }
        return contents
    }

    /// The number of the last event, from the end of the file; 0 if there is none.
    ///
    /// - Throws: `.ioFailure` if the system cannot read it.
    func lastEvent() throws(DeltaicError) -> Int {
        guard access(path, F_OK) == 0 else { return 0 }
        return try tail(window: 64 << 10).last
    }

    /// Copies the events that the catalog has and the journal lacks.
    ///
    /// Where the catalog does not have all of them any more, or the journal is missing or damaged at its end, it is begun anew with all that
    /// the catalog knows; what was there goes to `quarantine/`.
    /// - Throws: `.ioFailure` or `.noSpace`; the catalog still has the events then.
    func catchUp(with catalog: CatalogDatabase) throws {
        let lock = try JournalLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        let contents = try tail(window: 1 << 20)
        guard try catalog.lastEvent() > contents.last else { return catalog.eventsAreKept(through: contents.last) }
        if try append(from: catalog, to: contents, lock) { return }
        if try lock.size() > 0 { try quarantine.keep(path) }
        try write(snapshotOf: catalog)
    }

    /// Copies events of a catalog that is damaged: those that follow the journal's last one without a gap, and fit what it says.
    func addLastEvents(of catalog: CatalogDatabase) throws {
        guard access(path, F_OK) == 0 else { return }
        let lock = try JournalLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        let contents = try read()
        guard contents.last > 0, contents.problems.isEmpty else { return }
        var history = RegistryHistory(contents.events)
        var next = contents.last
        let sound = try catalog.events(after: contents.last).prefix { event in
            next += 1
            guard event.sequence == next else { return false }
            let problems = history.problems.count
            history.apply(event)
            return history.problems.count == problems
        }
        try lock.append(sound.flatMap { JournalLine($0).bytes }, at: contents.length)
    }

    /// - Returns: whether the catalog has the events that follow those in the file, which are in it now.
    private func append(from catalog: CatalogDatabase, to contents: Contents, _ lock: JournalLock) throws -> Bool {
        let events = try catalog.events(after: contents.last)
        guard contents.last > 0, contents.problems.isEmpty, events.first?.sequence == contents.last + 1 else {
            return false
        }
        try lock.append(events.flatMap { JournalLine($0).bytes }, at: contents.length)
        catalog.eventsAreKept(through: events.last?.sequence ?? 0)
        return true
    }

    /// Begins the journal anew if most of it tells of what is no longer so.
    ///
    /// - Parameter least: the bytes below which it is left as it is.
    /// - Returns: the bytes that it was shortened by; 0 if it was left alone.
    func compact(from catalog: CatalogDatabase, least: Int = 4 << 20) throws -> Int {
        guard access(path, F_OK) == 0 else { return 0 }
        let before = try ReadOnlyFile(path: path).size
        guard before > least else { return 0 }
        let needed = try catalog.state(after: .max >> 1).snapshot.reduce(0) { $0 + JournalLine($1).bytes.count }
        guard needed < before / 2 else { return 0 }
        try rewrite(from: catalog)
        return before - (try ReadOnlyFile(path: path).size)
    }

    /// Begins the journal anew, with all that the catalog knows.
    func rewrite(from catalog: CatalogDatabase) throws {
        let lock = try JournalLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        try write(snapshotOf: catalog)
    }

    private func write(snapshotOf catalog: CatalogDatabase) throws {
        let events = try catalog.writeSnapshot()
        let file = try DurableFile(path: path)
        for event in events { try file.write(JournalLine(event).bytes) }
        try file.publish()
        catalog.eventsAreKept(through: events.last?.sequence ?? 0)
    }

    /// The last lines, of as much of the file as is needed to find one; their length counts from its start.
    private func tail(window: Int) throws(DeltaicError) -> Contents {
        let file = try ReadOnlyFile(path: path)
        var window = window
        while true {
            let start = max(0, file.size - window)
            var bytes = try file.read(start..<file.size)
            var skipped = 0
            if start > 0, let first = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                skipped = first + 1
                bytes.removeFirst(skipped)
            }
            var contents = Self.parse(bytes, path: path, isTail: start > 0)
            contents.length += start + skipped
            if contents.last > 0 || start == 0 { return contents }
            window *= 8
        }
    }
}
