internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection whose request goes on for too long, in bytes or in time.
///
/// Routes refuse bodies that are too long, but the rest of one has to be read to find the next request on the connection.
final class BodyLimitHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    /// How long the body of the request may be that is being read.
    private enum Bounds {
        case usual
        /// A route takes it as it comes: only a client that sends nothing for long is too slow.
        case stream(limit: Int, patience: TimeAmount)
    }

    private let limit: Int
    private let seconds: Int
    private var bounds = Bounds.usual
    private var count = 0
    private var deadline: Scheduled<Void>?

    /// - Parameters:
    ///   - limit: in bytes, over that of the routes.
    ///   - seconds: from the head of a request to its end.
    init(limit: Int, seconds: Int) {
        self.limit = limit
        self.seconds = seconds
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            count = 0
            bounds = .usual
            wait(.seconds(Int64(seconds)), context.channel)
        case .body(let buffer):
            count += buffer.readableBytes
            let most = if case .stream(let most, _) = bounds { most } else { limit }
            if count > most {
                context.close(promise: nil)
                return
            }
        case .end:
            deadline?.cancel()
            deadline = nil
        }
        context.fireChannelRead(data)
    }

    /// Lets the body of the request that is being read be longer, and take its time.
    static func expectStream(upTo limit: Int, patience seconds: Int, on channel: any Channel) async throws {
        try await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: BodyLimitHandler.self)
            handler.expectStream(upTo: limit, patience: .seconds(Int64(seconds)), channel)
        }.get()
    }

    private func expectStream(upTo limit: Int, patience: TimeAmount, _ channel: any Channel) {
        bounds = .stream(limit: limit, patience: patience)
        if deadline != nil { watch(channel, patience, since: count) }
    }

    /// Closes the connection if nothing has come when the time is over.
    private func watch(_ channel: any Channel, _ patience: TimeAmount, since before: Int) {
        deadline?.cancel()
        deadline = channel.eventLoop.assumeIsolated().scheduleTask(in: patience) { [self] in
            guard count > before else { return channel.close(promise: nil) }
            watch(channel, patience, since: count)
        }
    }

    private func wait(_ time: TimeAmount, _ channel: any Channel) {
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}
