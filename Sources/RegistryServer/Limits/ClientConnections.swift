internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization

/// How many connections each client has open.
final class ClientConnections: Sendable {
    private let limit: Int
    private let counts = Mutex<[String: Int]>([:])

    /// - Parameter limit: of one client.
    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a client may have one more, which is counted then.
    func enter(_ client: String) -> Bool {
        counts.withLock { counts in
            let count = counts[client] ?? 0
            guard count < limit else { return false }
            counts[client] = count + 1
            return true
        }
    }

    func leave(_ client: String) {
        counts.withLock { counts in
            let count = counts[client] ?? 0
            counts[client] = count > 1 ? count - 1 : nil
        }
    }
}

/// Closes a connection of a client that has too many.
final class ConnectionLimitHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let connections: ClientConnections
    private var client: String?

    init(connections: ClientConnections) {
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        enter(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    private func enter(_ context: ChannelHandlerContext) {
        guard client == nil else { return }
        let address = ClientAddress(remote: context.remoteAddress?.ipAddress, forwardedFor: nil, trustsProxy: false)
        if connections.enter(address.rateKey) {
            client = address.rateKey
        } else {
            context.close(promise: nil)
        }
    }

    private func leave() {
        if let client { connections.leave(client) }
        client = nil
    }
}
