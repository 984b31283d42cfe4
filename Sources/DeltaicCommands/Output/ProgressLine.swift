internal import DeltaicCore
internal import Synchronization

/// Progress on one line of the terminal, for work that takes more than two seconds.
///
/// Nothing is drawn if standard error is no terminal. Safe to call from any thread.
final class ProgressLine: ProgressReport {
    private struct Stage {
        let name: String
        let totalBytes: Int
        let start: ContinuousClock.Instant
        var doneBytes = 0
    }

    private struct State {
        var stage: Stage?
        var isDrawn = false
        var lastDrawing: ContinuousClock.Instant?
    }

    private static let patience = Duration.seconds(2)
    private static let interval = Duration.milliseconds(200)

    private let start = ContinuousClock.now
    private let width: Int
    private let state = Mutex(State())

    private init(width: Int) {
        self.width = width
    }

    /// A line on the terminal, or silence if there is none.
    static func onTerminal() -> any ProgressReport {
        TerminalWidth.ofNotes.map { ProgressLine(width: $0) } ?? SilentProgress()
    }

    func begin(_ stage: String, totalBytes: Int) {
        state.withLock { state in
            state.stage = Stage(name: stage, totalBytes: totalBytes, start: .now)
        }
    }

    func advance(_ bytes: Int) {
        state.withLock { state in
            state.stage?.doneBytes += bytes
            let now = ContinuousClock.now
            guard let stage = state.stage, now - start >= Self.patience else { return }
            if let last = state.lastDrawing, now - last < Self.interval { return }
            state.lastDrawing = now
            state.isDrawn = true
            let text = Self.text(
                stage.name, done: stage.doneBytes, total: stage.totalBytes, elapsed: now - stage.start)
            StandardStreams.drawOnTerminal("\r\u{1b}[K" + text.prefix(max(0, width - 1)))
        }
    }

    func end() {
        state.withLock { state in
            if state.isDrawn { StandardStreams.drawOnTerminal("\r\u{1b}[K") }
            state = State()
        }
    }

    /// The line: stage, percent, bytes a second, time left.
    static func text(_ stage: String, done: Int, total: Int, elapsed: Duration) -> String {
        let percent = total > 0 ? min(100, 100 * Double(done) / Double(total)) : 100
        var text = "\(stage) \(Int(percent)) %"
        // The first pieces say little about how fast things go.
        guard elapsed >= .milliseconds(500) else { return text }
        let rate = Double(done) / (elapsed / .seconds(1))
        text += ", \(ByteFormat.text(Int(rate)))/s"
        if rate > 0, total > done { text += ", " + duration(Double(total - done) / rate) + " left" }
        return text
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(.up), 359_999))
        let parts = (hours: whole / 3600, minutes: whole / 60 % 60, seconds: whole % 60)
        if parts.hours > 0 { return "\(parts.hours) h \(parts.minutes) min" }
        if parts.minutes > 0 { return "\(parts.minutes) min \(parts.seconds) s" }
        return "\(parts.seconds) s"
    }
}
