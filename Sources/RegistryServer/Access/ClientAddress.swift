internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Where a request came from.
struct ClientAddress {
    /// An IP address, or what else the socket knows.
    let text: String

    init(_ request: Request, _ context: RegistryRequestContext, _ options: ServerOptions) {
        // The last entry is the proxy's own; those before it may be made up.
        if options.trustsProxy, let chain = request.headers[.forwardedFor],
            let last = chain.split(separator: ",").last
        {
            text = String(last.filter { !$0.isWhitespace })
            return
        }
        text = context.channel.remoteAddress?.ipAddress ?? "local"
    }

    /// The URL under which the client knows the server.
    static func origin(_ request: Request, _ context: RegistryRequestContext, _ options: ServerOptions) -> String {
        if let url = options.publicURL { return url.hasSuffix("/") ? String(url.dropLast()) : url }
        var scheme = options.tls == nil ? "http" : "https"
        var host = request.head.authority ?? "\(options.host):\(options.port)"
        if options.trustsProxy {
            if let proto = request.headers[.forwardedProto], proto == "http" || proto == "https" { scheme = proto }
            if let forwarded = request.headers[.forwardedHost] { host = forwarded }
        }
        return "\(scheme)://\(host)"
    }
}
