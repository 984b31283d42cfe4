internal import Foundation
internal import Registry

/// What all requests share.
struct ServerServices: Sendable {
    let registry: ModelRegistry
    let content: ContentService
    let options: ServerOptions
    let metrics: ServerMetrics
    /// Signs what clients send in place of their token.
    let capabilities: Capabilities
    /// Takes what Xet clients send.
    let xorbs: XorbStore
    let compressor: Compressor
    let imports: ImportJobs
    let comparisons: Comparisons
    let console: ConsoleServices
}

/// Signs texts with the key of the registry, which is made when it is needed first: a registry that is only read has none.
struct Capabilities: Sendable {
    let registry: ModelRegistry

    /// As ``CapabilityKey/sign(_:_:until:)``.
    func sign(_ purpose: String, _ fields: [String], until expires: Int) throws -> String {
        try registry.capabilityKey().sign(purpose, fields, until: expires)
    }

    /// As ``CapabilityKey/fields(of:_:now:)``.
    func fields(of text: some StringProtocol, _ purpose: String, now: Date = Date()) -> [String]? {
        try? registry.capabilityKey().fields(of: text, purpose, now: now)
    }
}
