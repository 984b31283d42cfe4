internal import Registry

/// What all requests share.
struct ServerServices: Sendable {
    let registry: ModelRegistry
    let content: ContentService
    let options: ServerOptions
    let metrics: ServerMetrics
    let changes = SerialChanges()
}
