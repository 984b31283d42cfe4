internal import Glibc
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Where a request came from.
struct ClientAddress {
    /// An IP address, or what else the socket knows.
    let text: String

    /// - Parameters:
    ///   - remote: the address at the other end of the connection; nil if it has none.
    ///   - forwardedFor: the header `X-Forwarded-For`.
    init(remote: String?, forwardedFor: String?, trustsProxy: Bool) {
        // The last entry is the proxy's own; those before it may be made up.
        if trustsProxy, let last = Self.last(of: forwardedFor) {
            text = Self.withoutPort(last)
        } else {
            text = remote ?? "local"
        }
    }

    init(_ request: Request, _ context: RegistryRequestContext, _ options: ServerOptions) {
        self.init(
            remote: context.channel.remoteAddress?.ipAddress, forwardedFor: request.headers[.forwardedFor],
            trustsProxy: options.trustsProxy)
    }

    private static func last(of list: String?) -> String? {
        list?.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.last { !$0.isEmpty }
    }

    /// Some proxies write `1.2.3.4:5678` and `[::1]:5678`: another port would be another client.
    private static func withoutPort(_ text: String) -> String {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text.dropFirst()[..<end]) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : text
    }

    /// What the client's rate is counted by: of IPv6 the network, since one host has all its addresses.
    var rateKey: String {
        guard let address = try? SocketAddress(ipAddress: text, port: 0), case .v6(let v6) = address else {
            return text
        }
        var bytes = v6.address
        let parts = withUnsafeBytes(of: &bytes.sin6_addr) { Array($0) }
        // A socket for both kinds shows IPv4 so, and all of it would be one network.
        if parts.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] {
            return parts.suffix(4).map { String($0) }.joined(separator: ".")
        }
        return parts.prefix(8).map { String($0, radix: 16) }.joined(separator: ".") + "/64"
    }

    /// The URL under which the client knows the server.
    static func origin(_ request: Request, _ options: ServerOptions) -> String {
        if let url = options.publicURL { return url.hasSuffix("/") ? String(url.dropLast()) : url }
        var scheme = options.tls == nil ? "http" : "https"
        var host = request.head.authority ?? "\(options.host):\(options.port)"
        if options.trustsProxy {
            if let proto = last(of: request.headers[.forwardedProto]), ["http", "https"].contains(proto) {
                scheme = proto
            }
            if let forwarded = last(of: request.headers[.forwardedHost]) { host = forwarded }
        }
        return "\(scheme)://\(host)"
    }
}
