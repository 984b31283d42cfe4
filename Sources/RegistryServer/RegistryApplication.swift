internal import DeltaicCore
internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
public import Logging
internal import NIOCore
internal import NIOPosix
public import Registry
internal import ServiceLifecycle
internal import UnixSignals

/// A registry as an HTTP service: the Hub's protocol for reading, Git's, and an API of its own.
public struct RegistryApplication: Sendable {
    /// Clients give up on an answer that does not begin within ten seconds.
    private static let longestDelay = Duration.seconds(5)

    private static let lateBody = 16 << 20

    private let options: ServerOptions
    private let services: ServerServices
    private let responder: RegistryResponder
    private let logger: Logger

    /// - Throws: what is wrong with the options.
    public init(registry: ModelRegistry, options: ServerOptions, logger: Logger) throws {
        let metrics = PrometheusMetrics(help: ServerMetrics.help)
        self.options = options
        self.logger = logger
        let content = ContentService(registry: registry, budget: options.budget)
        var limits = options.xorbs
        limits.longestFile = options.maximumFile
        let compressor = Compressor(registry: registry, content: content, rules: options.baseRules, logger: logger)
        // What decodes whole versions is done one after the other, whoever asks.
        let decoding = Permits(count: 1)
        services = ServerServices(
            registry: registry, content: content, options: options, metrics: ServerMetrics(factory: metrics),
            capabilities: Capabilities(registry: registry), xorbs: registry.xorbStore(limits: limits),
            compressor: compressor, imports: ImportJobs(),
            comparisons: Comparisons(registry: registry, permits: decoding),
            console: ConsoleServices(registry: registry, permits: decoding, logger: logger))
        responder = RegistryResponder(
            services: services,
            routes: RouteTable(
                routes: HealthRoutes.routes { metrics.exposition() } + XetRoutes.routes + HubListRoutes.routes
                    + HubFileRoutes.routes
                    + UnsupportedRoutes.routes + RepositoryRoutes.routes + BranchRoutes.routes
                    + CommitRoutes.routes(longestCommit: options.maximumCommit)
                    + UploadRoutes.routes(longestFile: options.maximumFile)
                    + HubModelRoutes.routes + LFSRoutes.routes + GitRoutes.routes
                    + TensorRoutes.routes + TransferRoutes().routes + ImportRoutes.routes + TagRoutes.routes
                    + ModelRoutes.routes + ReportRoutes.routes
                    + ConsoleRoutes.routes + ConsoleStorageRoutes.routes + ConsoleModelRoutes.routes
                    + SessionRoutes.routes + ConsoleActions.routes + [ConsoleRoutes.nothing] + HubPageRoutes.routes),
            authentication: Authentication(
                registry: registry, allowsAnonymousRead: options.allowsAnonymousRead,
                sessions: services.console.sessions),
            limiter: RequestLimiter(
                limit: options.requestsPerSecond > 0
                    ? try ClientRateLimit(
                        rate: options.requestsPerSecond, burst: options.requestBurst, maximumDelay: Self.longestDelay)
                    : nil))
    }

    /// Serves until the process is told to stop, by SIGTERM or SIGINT, or the task is cancelled.
    ///
    /// Then no connection is accepted any more, and what is being sent is sent to its end, for at most
    /// ``ServerOptions/stopTimeout`` seconds.
    /// - Parameter onListening: called with the URL of the server once it answers.
    /// - Throws: `.ioFailure` if the address cannot be listened on, or what is wrong with the certificate or the key.
    public func run(onListening: @escaping @Sendable (String) async -> Void) async throws {
        let (host, scheme) = (options.host, options.tls == nil ? "http" : "https")
        if options.tls == nil, !options.trustsProxy, !Self.isLoopback(host) {
            logger.warning(
                "without TLS, tokens can be read on the way: name a certificate, or put a proxy before the server")
        }
        let application = Application(
            responder: responder, server: try server(),
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port), serverName: "Deltaic",
                availableConnectionsDelegate: .maximum(options.maximumConnections, logger: logger)),
            services: [
                Housekeeping(services: services, logger: logger), services.compressor,
                GarbageCollector(registry: services.registry, content: services.content, logger: logger),
            ],
            onServerRunning: { channel in
                let shown = host.contains(":") ? "[\(host)]" : host
                await onListening("\(scheme)://\(shown):\(channel.localAddress?.port ?? 0)")
            }, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(options.stopTimeout)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            throw DeltaicError(
                .ioFailure, "cannot listen: \(String(cString: strerror(error.errnoCode)))",
                at: ["\(options.host):\(options.port)"],
                advice: error.errnoCode == EADDRINUSE
                    ? "another program uses the port; name another with --listen"
                    : "name an address of this machine, and a port that this user may use, with --listen")
        } catch let error as SocketAddressError.UnknownHost {
            throw DeltaicError(
                .ioFailure, "cannot listen: the address is not known (\(error))",
                at: ["\(options.host):\(options.port)"], advice: "name another with --listen")
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    private func server() throws -> HTTPServerBuilder {
        let limit = options.maximumBody
        let (patience, idle) = (options.stallTimeout, options.idleTimeout)
        // Behind a proxy, all connections are the proxy's.
        let connections = ClientConnections(
            limit: options.trustsProxy ? .max : options.maximumClientConnections)
        let plain = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                // What is over a route's limit is read on for a while, so that the client gets its answer.
                additionalChannelHandlers: [
                    ConnectionLimitHandler(connections: connections), OrderlyClose(patience: patience),
                    BodyLimitHandler(limit: limit + Self.lateBody, seconds: idle),
                ],
                idleTimeout: .seconds(Int64(idle)),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: options.maximumHeader, maxHeaderListSize: options.maximumHeader,
                    maxHeaderFieldCount: 200)))
        guard let files = options.tls else { return plain }
        return try .tls(
            plain,
            tlsConfiguration: try TLSFiles(certificatePath: files.certificate, keyPath: files.key).configuration())
    }
}

/// What is done now and then as long as the server runs.
private struct Housekeeping: Service {
    let services: ServerServices
    let logger: Logger

    func run() async throws {
        // Cancelled, it would otherwise sleep no more and go round for ever.
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(30)) }
            services.content.closeRemoved()
            services.registry.uploads.sweep()
            services.registry.parts.sweep()
            do {
                try await BlockingWork.run { [xorbs = services.xorbs] in try xorbs.sweep() }
            } catch {
                logger.warning("xorbs that nobody needs could not be deleted", metadata: ["error": "\(error)"])
            }
        }
    }
}
