internal import ArgumentParser
internal import DeltaicCore
internal import Foundation
internal import Logging
internal import Registry
internal import RegistryServer

/// `deltaic serve`: the registry as an HTTP service.
struct ServeCommand: AsyncParsableCommand, StopsItself {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the registry over HTTP, to Hub clients and others.",
        discussion: """
            Clients of the Hugging Face Hub read from it when HF_ENDPOINT is set to its address: `hf download`, \
            `from_pretrained`, HfFileSystem. `git clone` works too, and the API under /v1 gives single tensors.

            With a token of scope write they push too: `hf upload` and all that makes commits. What is pushed can be read at \
            once, and is compressed in the background: against the base that the model card names (base_model), else that of \
            a --base-for rule, else the closest base of the same architecture; a model without one becomes a base.

            Who may read is a choice: --anonymous-read lets everybody, else clients need a token (`deltaic token add`). \
            Without TLS, only loopback addresses are safe for tokens: put a proxy before it, or name a certificate.

            It stops on SIGTERM and SIGINT, after what is being sent has been sent. The address is printed on standard \
            output once it answers; the log goes to standard error.
            """)

    @Option(help: ArgumentHelp("The address to listen on; port 0 is any that is free.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    @Flag(name: .customLong("anonymous-read"), help: "Let clients without a token read everything.")
    var anonymousRead = false

    @Option(help: ArgumentHelp("Certificate chain for TLS, PEM.", valueName: "file"), completion: .file())
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("Private key of the certificate, PEM.", valueName: "file"), completion: .file())
    var tlsKey: String?

    @Option(help: ArgumentHelp("The URL that clients use, if it is not what they say in Host.", valueName: "url"))
    var publicURL: String?

    @Flag(name: .customLong("trust-proxy"), help: "Believe X-Forwarded-For, -Proto and -Host.")
    var trustsProxy = false

    @OptionGroup var bases: BaseRuleOptions

    @Option(
        name: .customLong("import-from"),
        help: ArgumentHelp(
            "A server of the Hub's protocol that clients may have models imported from, and the environment variable with "
                + "the token for it; may be given several times.", valueName: "url[,variable]"))
    var importFrom: [String] = []

    @Option(help: ArgumentHelp("Bytes of a file that clients send in parts, if it is longer.", valueName: "bytes"))
    var partSize = 64 << 20

    @Option(help: ArgumentHelp("Connections at a time; more wait.", valueName: "n"))
    var maxConnections = 512

    @Option(help: ArgumentHelp("Connections of one address at a time; more are closed.", valueName: "n"))
    var maxClientConnections = 128

    @Option(help: ArgumentHelp("Bytes of a request's body.", valueName: "bytes"))
    var maxBody = 1 << 20

    @Option(help: ArgumentHelp("Bytes of a request's header.", valueName: "bytes"))
    var maxHeader = 32 << 10

    @Option(help: ArgumentHelp("Requests a second of one client, by token or address; 0 for any.", valueName: "n"))
    var rate = 200.0

    @Option(help: ArgumentHelp("Requests that a client may send at once.", valueName: "n"))
    var burst = 1000

    @Option(help: ArgumentHelp("Memory for decoded chunks of bases, in MiB.", valueName: "MiB"))
    var cache = 96

    @Option(help: ArgumentHelp("Seconds until a client that takes nothing is cut off.", valueName: "s"))
    var stallTimeout = 120

    @Option(help: ArgumentHelp("Seconds that answers may take to finish after a signal to stop.", valueName: "s"))
    var stopTimeout = 300

    /// How lines of the log look.
    enum LogFormat: String, CaseIterable, ExpressibleByArgument {
        case json, text
    }

    /// The least that is logged.
    enum LogLevel: String, CaseIterable, ExpressibleByArgument {
        case debug, info, warning, error
    }

    @Option(help: "How lines of the log look.")
    var logFormat: LogFormat = .text

    @Option(help: "The least that is logged.")
    var logLevel: LogLevel = .info

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var format: OutputFormat

    /// More would not leave room in the budget of memory for what readers hold.
    private static let threadLimit = 8

    /// What is printed when the server answers.
    private struct Listening: Encodable {
        let url: String
        let registry: String
    }

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together")
        }
        _ = try address()
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--max-connections", maxConnections, 1...1 << 20),
            ("--max-client-connections", maxClientConnections, 1...1 << 20), ("--max-body", maxBody, 1...1 << 30),
            // Less does not hold what every client sends.
            ("--max-header", maxHeader, 1024...1 << 20), ("--burst", burst, 1...1 << 30),
            ("--cache", cache, 0...1 << 20), ("--part-size", partSize, 1 << 16...1 << 40),
            ("--stall-timeout", stallTimeout, 1...86400), ("--stop-timeout", stopTimeout, 0...86400),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            throw ValidationError("\(name) has to be from \(range.lowerBound) to \(range.upperBound)")
        }
        guard (0...1e6).contains(rate) else { throw ValidationError("--rate has to be from 0 to 1000000") }
        if let publicURL {
            let parts = URLComponents(string: publicURL)
            guard ["http", "https"].contains(parts?.scheme), parts?.host?.isEmpty == false, parts?.query == nil,
                parts?.fragment == nil
            else { throw ValidationError("--public-url takes a URL like https://models.example.org") }
        }
    }

    func run() async throws {
        let logger = log
        let registry = try global.openForServing(threads: threads) { logger.warning("\($0)") }
        let path = registry.path
        let output = format
        let application = try RegistryApplication(
            registry: registry, options: try options(), logger: logger)
        try await application.run { url in
            // A reader that has gone away is no reason not to serve.
            try? output.write(Listening(url: url, registry: path)) { _ in ["serving \(path) at \(url)"] }
        }
    }

    private var log: Logger {
        let level: Logger.Level =
            switch logLevel {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        return ServerLog.logger(format: logFormat == .json ? .json : .text, level: level)
    }

    private func options() throws -> ServerOptions {
        var options = ServerOptions()
        (options.host, options.port) = try address()
        options.publicURL = publicURL
        if let tlsCertificate, let tlsKey { options.tls = .init(certificate: tlsCertificate, key: tlsKey) }
        options.allowsAnonymousRead = anonymousRead
        options.trustsProxy = trustsProxy
        options.maximumConnections = maxConnections
        options.maximumClientConnections = maxClientConnections
        options.maximumBody = maxBody
        options.maximumHeader = maxHeader
        options.requestsPerSecond = rate
        options.requestBurst = burst
        options.stallTimeout = stallTimeout
        options.stopTimeout = stopTimeout
        options.baseRules = try bases.rules()
        options.partBytes = partSize
        options.importSources = try importFrom.map { text in
            let parts = text.split(separator: ",", maxSplits: 1).map(String.init)
            let remote = try Remote(url: parts.first ?? "", tokenVariable: parts.count == 2 ? parts[1] : nil)
            return .init(url: remote.url, token: try remote.resolvedToken(ProcessInfo.processInfo.environment))
        }
        options.budget.cacheBytes = cache << 20
        options.budget.threads = min(
            threads.threads ?? ProcessInfo.processInfo.activeProcessorCount, Self.threadLimit)
        return options
    }

    private func address() throws -> (host: String, port: Int) {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65535).contains(port), colon > listen.startIndex
        else {
            throw ValidationError("--listen takes host:port, as in 127.0.0.1:8080 or [::1]:0")
        }
        let host = listen[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return (String(isBracketed ? host.dropFirst().dropLast() : host), port)
    }
}
