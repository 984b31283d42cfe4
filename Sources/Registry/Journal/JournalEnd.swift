internal import Synchronization

/// Where the journal ended when this process last looked at it, so that it need only read what came since.
///
/// It is a hint: the last line must still be where it was, in the same file, or the end is looked for anew.
final class JournalEnd: Sendable {
    struct Place: Sendable {
        let file: JournalLock.FileID
        /// The bytes of the last line that was whole, and the number of its event.
        private(set) var lastLine: Range<Int>
        private(set) var sequence: Int
        /// How long the file was when more than its last lines were looked at.
        let lookedAt: Int

        init(file: JournalLock.FileID, lastLine: Range<Int>, sequence: Int, lookedAt: Int) {
            (self.file, self.lastLine, self.sequence, self.lookedAt) = (file, lastLine, sequence, lookedAt)
        }

        /// Takes another line for the last one.
        mutating func move(to line: Range<Int>, _ number: Int) {
            (lastLine, sequence) = (line, number)
        }
    }

    private let known = Mutex<Place?>(nil)

    var place: Place? {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }
}
