public import Registry

/// How a server listens, what it lets clients do, and what it may use.
public struct ServerOptions: Sendable {
    /// Files of a certificate chain and its private key, PEM.
    public struct TLSFiles: Sendable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// A server that models may be imported from.
    public struct ImportSource: Sendable {
        /// Without a slash at the end.
        public let url: String
        public let token: String?

        public init(url: String, token: String?) {
            self.url = url
            self.token = token
        }
    }

    public var host = "127.0.0.1"
    /// 0 for any that is free.
    public var port = 8080
    /// Where clients find the server, for absolute URLs in answers; what they say in `Host` if it is nil.
    public var publicURL: String?
    public var tls: TLSFiles?
    /// Whether clients without a token may read.
    public var allowsAnonymousRead = false
    /// Whether `X-Forwarded-For`, `-Proto` and `-Host` are believed.
    public var trustsProxy = false

    public var maximumConnections = 512
    /// Of one address; any number if the proxy before the server is trusted.
    public var maximumClientConnections = 128
    /// Of a request's body, in bytes.
    public var maximumBody = 1 << 20
    /// Of one file that a client sends, in bytes.
    public var maximumFile = 1 << 40
    /// Of the body of a commit, with all small files in it, in bytes.
    public var maximumCommit = 8 << 30
    /// Larger files may be sent in parts of so many bytes.
    public var partBytes = 64 << 20
    /// Which base pushed models are stored against where nothing else says so.
    public var baseRules = BaseRules()
    /// Servers of the Hub's protocol that clients may have models imported from.
    public var importSources: [ImportSource] = []
    /// Of all header fields of a request, in bytes.
    public var maximumHeader = 32 << 10
    /// For each client, by token or address; 0 for no limit.
    public var requestsPerSecond = 200.0
    /// What a client may send at once.
    public var requestBurst = 1000
    /// In seconds, of a connection without a request.
    public var idleTimeout = 60
    /// In seconds, that a client may take nothing of what it asked for.
    public var stallTimeout = 120
    /// In seconds, that responses may take to finish after the server was told to stop.
    public var stopTimeout = 300
    /// When the parts of uploads are forgotten.
    public var xorbs = XorbStore.Limits()
    public var budget = ContentService.Budget()

    public init() {}
}
