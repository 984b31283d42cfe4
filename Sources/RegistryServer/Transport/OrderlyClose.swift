internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Ends connections so that no answer loses its last bytes, and ends those that an answer says will end.
///
/// A socket that is closed drops what it has not taken yet, although its answer is written to the end. So the close waits
/// for it, as long as a client may stall. Has to stand before all handlers that close.
final class OrderlyClose: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long a client that was told of the end may go on sending: it may read only after that.
    private static let lingering = TimeAmount.seconds(5)

    private let patience: TimeAmount
    /// Answers that are written to their end, of which the socket has not taken all.
    private var unsentCount = 0
    private var isLastAnswer = false
    private var isLingering = false
    /// Of a close that waits.
    private var waiting: EventLoopPromise<Void>?
    private var deadline: Scheduled<Void>?

    /// - Parameter patience: how long a close waits for a client that takes nothing, in seconds.
    init(patience: Int) {
        self.patience = .seconds(Int64(patience))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // There is nobody any more to answer.
        if isLingering { return }
        guard case .head(var head) = unwrapInboundIn(data), let connection = head.headerFields[.connection],
            Self.namesClose(connection)
        else {
            context.fireChannelRead(data)
            return
        }
        // As Hummingbird knows it.
        head.headerFields[.connection] = "close"
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isLastAnswer = head.headerFields[.connection].map(Self.namesClose) ?? false
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            unsentCount += 1
            let isLast = isLastAnswer
            let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
            sent.futureResult.assumeIsolated().whenComplete { _ in self.sentAnswer(context, isLast: isLast) }
            context.write(data, promise: sent)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, unsentCount > 0, context.channel.isActive else {
            context.close(mode: mode, promise: promise)
            return
        }
        if let waiting {
            if let promise { waiting.futureResult.cascade(to: promise) }
            return
        }
        waiting = promise ?? context.eventLoop.makePromise(of: Void.self)
        schedule(context, in: patience)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        waiting?.succeed()
        waiting = nil
        context.fireChannelInactive()
    }

    private func sentAnswer(_ context: ChannelHandlerContext, isLast: Bool) {
        unsentCount -= 1
        guard context.channel.isActive else { return }
        if waiting != nil, unsentCount == 0 {
            closeNow(context)
        } else if isLast, !isLingering {
            isLingering = true
            context.close(mode: .output, promise: nil)
            schedule(context, in: Self.lingering)
        }
    }

    private func schedule(_ context: ChannelHandlerContext, in time: TimeAmount) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.closeNow(context) }
    }

    private func closeNow(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        let promise = waiting
        waiting = nil
        context.close(mode: .all, promise: promise)
    }

    private static func namesClose(_ connection: String) -> Bool {
        connection.split(separator: ",").contains { part in
            part.filter { $0 != " " && $0 != "\t" }.lowercased() == "close"
        }
    }
}
