internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection whose request goes on long after the server stopped listening to it.
///
/// Routes refuse bodies that are too long, but the rest of one has to be read to find the next request on the connection.
final class BodyLimitHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let limit: Int
    private var count = 0

    /// - Parameter limit: in bytes, over that of the routes.
    init(limit: Int) {
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            count = 0
        case .body(let buffer):
            count += buffer.readableBytes
            if count > limit {
                context.close(promise: nil)
                return
            }
        case .end:
            break
        }
        context.fireChannelRead(data)
    }
}
