internal import NIOCore

/// Closes a connection whose client takes nothing for too long.
struct StallWatch: Sendable {
    private let scheduled: Scheduled<Void>

    init(channel: any Channel, seconds: Int) {
        scheduled = channel.eventLoop.scheduleTask(in: .seconds(Int64(seconds))) {
            channel.close(promise: nil)
        }
    }

    func stop() {
        scheduled.cancel()
    }
}
