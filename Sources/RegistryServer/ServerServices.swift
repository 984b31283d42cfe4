internal import Registry

/// What all requests share.
struct ServerServices: Sendable {
    let registry: ModelRegistry
    let content: ContentService
    let options: ServerOptions
    let metrics: ServerMetrics
    /// Signs what clients send in place of their token.
    let capabilities: CapabilityKey
    let compressor: Compressor
}
