internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection whose request goes on for too long, in bytes or in time.
///
/// Routes refuse bodies that are too long, but the rest of one has to be read to find the next request on the connection.
final class BodyLimitHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let limit: Int
    private let seconds: Int
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
            let channel = context.channel
            deadline?.cancel()
            deadline = context.eventLoop.scheduleTask(in: .seconds(Int64(seconds))) { channel.close(promise: nil) }
        case .body(let buffer):
            count += buffer.readableBytes
            if count > limit {
                context.close(promise: nil)
                return
            }
        case .end:
            deadline?.cancel()
        }
        context.fireChannelRead(data)
    }
}
