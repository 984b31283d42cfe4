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
    /// Where it ended; copies of this value know it too.
    private let end = JournalEnd()

    init(path: String, quarantine: Quarantine) {
        self.path = path
        self.quarantine = quarantine
    }

    /// What can be read of it.
    struct Contents: Sendable {
        /// Empty if only its end was looked for.
        var events: [CatalogEvent] = []
        /// What is wrong with it, one sentence each.
        var problems: [String] = []
        /// The bytes of the first and the last line that are whole.
        var firstLine = 0..<0
        var lastLine = 0..<0
        /// The numbers of their events; 0 if there is none.
        var first = 0
        var last = 0

        /// The bytes up to the end of the last line that is whole.
        var length: Int { lastLine.upperBound }
    }

    /// Reads all of it; what is damaged is passed over and reported.
    ///
    /// - Throws: `.ioFailure` if the system cannot read it. A journal that is not there is empty.
    func read() throws(DeltaicError) -> Contents {
        guard access(path, F_OK) == 0 else { return Contents() }
        let file = try ReadOnlyFile(path: path)
        var events: [CatalogEvent] = []
        var contents = Self.parse(try file.read(0..<file.size), path: path) { head, line in
            events.append(head.event(of: line))
        }
        contents.events = events
        if let first = events.first, first.sequence != 1, !first.json.hasPrefix(#"{"event":"snapshot""#) {
            contents.problems.append("\(path): the events before event \(first.sequence) are missing")
        }
        return contents
    }

    /// Goes through lines, and counts their bytes from an offset on.
    ///
    /// - Parameter keep: is given each line that is whole, without its line feed, and what stands before its event.
    private static func parse(
        _ bytes: [UInt8], at offset: Int = 0, path: String,
        keep: (JournalLine.Head, ArraySlice<UInt8>) -> Void = { _, _ in }
    ) -> Contents {
        var contents = Contents()
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
            let next = end.map { $0 + 1 } ?? bytes.count
            let line = bytes[start..<(end ?? bytes.count)]
            if end != nil, let head = JournalLine.Head(line) {
                if contents.last > 0, head.sequence != contents.last + 1 {
                    contents.problems.append("\(path): event \(contents.last) is followed by event \(head.sequence)")
                }
                contents.lastLine = offset + start..<offset + next
                contents.last = head.sequence
                if contents.first == 0 { (contents.firstLine, contents.first) = (contents.lastLine, contents.last) }
                keep(head, line)
            } else if next < bytes.count {
                contents.problems.append("\(path): the line at offset \(offset + start) is damaged")
            }
            // A last line that is not whole is what a crash leaves; its event is still in the catalog.
            start = next
        }
        return contents
    }

    /// The number of the last event, from the end of the file; 0 if there is none.
    ///
    /// - Throws: `.ioFailure` if the system cannot read it.
    func lastEvent() throws(DeltaicError) -> Int {
        guard access(path, F_OK) == 0 else { return 0 }
        return try tail(window: 4 << 10).last
    }

    /// Copies the events that the catalog has and the journal lacks.
    ///
    /// Where the catalog does not have all of them any more, or the journal is missing or damaged at its end, it is begun anew with all that
    /// the catalog knows; what was there goes to `quarantine/`.
    /// - Throws: `.ioFailure` or `.noSpace`; the catalog still has the events then.
    func catchUp(with catalog: CatalogDatabase) throws {
        let lock = try JournalLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        let contents = try tail(of: lock)
        guard try catalog.lastEvent() > contents.last else { return catalog.eventsAreKept(through: contents.last) }
        if try append(from: catalog, to: contents, lock) { return }
        if try lock.file().size > 0 { try quarantine.keep(path) }
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
        let lines = events.map { JournalLine($0).bytes }
        try lock.append(lines.flatMap(\.self), at: contents.length)
        let (last, length) = (events.last?.sequence ?? 0, contents.length + lines.reduce(0) { $0 + $1.count })
        end.place?.move(to: length - (lines.last?.count ?? 0)..<length, last)
        catalog.eventsAreKept(through: last)
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

    /// How much of the end is looked at by a process that has not seen it yet, and again when it has become so much longer.
    ///
    /// What a power cut left of the last lines that were written is in there: a line that is whole can come after one that is not.
    private static let window = 1 << 20

    /// The last lines, for whoever writes on: only what came since this process looked, so that a change costs the same however
    /// long the journal is.
    private func tail(of lock: JournalLock) throws(DeltaicError) -> Contents {
        let file = try lock.file()
        if let place = end.place, place.file == file.id, (0..<Self.window).contains(file.size - place.lookedAt) {
            let contents = try lines(from: place.lastLine.lowerBound)
            // The line is still what it was: it has the same number, at the same place, and its checksum fits.
            if contents.first == place.sequence, contents.firstLine == place.lastLine {
                // Damage is to be seen again by whoever writes next, who begins the journal anew.
                if contents.problems.isEmpty {
                    end.place?.move(to: contents.lastLine, contents.last)
                } else {
                    end.place = nil
                }
                return contents
            }
        }
        let contents = try tail(window: Self.window)
        end.place =
            contents.last == 0 || !contents.problems.isEmpty
            ? nil : .init(file: file.id, lastLine: contents.lastLine, sequence: contents.last, lookedAt: file.size)
        return contents
    }

    /// The last lines, of as much of the file as is needed to find one.
    private func tail(window: Int) throws(DeltaicError) -> Contents {
        let file = try ReadOnlyFile(path: path)
        var window = window
        while true {
            var start = max(0, file.size - window)
            var bytes = try file.read(start..<file.size)
            if start > 0, let first = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                start += first + 1
                bytes.removeFirst(first + 1)
            }
            let contents = Self.parse(bytes, at: start, path: path)
            if contents.last > 0 || window >= file.size { return contents }
            window *= 8
        }
    }

    private func lines(from offset: Int) throws(DeltaicError) -> Contents {
        let file = try ReadOnlyFile(path: path)
        return Self.parse(try file.read(min(offset, file.size)..<file.size), at: offset, path: path)
    }
}
