internal import Glibc
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

    /// What the client's rate is counted by: of IPv6 the network, since one host has all its addresses.
    var rateKey: String {
        guard let address = try? SocketAddress(ipAddress: text, port: 0), case .v6(let v6) = address else {
            return text
        }
        var bytes = v6.address
        let network = withUnsafeBytes(of: &bytes.sin6_addr) { Array($0.prefix(8)) }
        return network.map { String($0, radix: 16) }.joined(separator: ".") + "/64"
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
