internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Registry

/// Whether the server lives and can work, and what it has counted.
enum HealthRoutes {
    private struct Health: Encodable {
        let status: String
    }

    /// - Parameter exposition: the metrics in Prometheus' text format.
    static func routes(exposition: @escaping @Sendable () -> String) -> [Route] {
        [
            Route(.get, "/healthz", .nothing) { _ in try JSONResponse.make(Health(status: "ok")) },
            Route(.get, "/readyz", .nothing) { exchange in
                // A catalog that cannot be read, or a folder that is gone, throws.
                do {
                    try exchange.registry.checkReadable()
                } catch {
                    exchange.logger.error("not ready", metadata: ["error": "\(error)"])
                    throw ServerError(.serviceUnavailable, "the registry cannot be read; the server's log says why")
                }
                return try JSONResponse.make(Health(status: "ready"))
            },
            Route(.get, "/metrics", .readEverything) { exchange in
                let text = exposition() + FigureLines.text(exchange.services.content.figures)
                return Response(
                    status: .ok, headers: [.contentType: PrometheusText.contentType],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
            },
        ]
    }
}

/// What the content service holds and has done, in Prometheus' text format.
private enum FigureLines {
    static func text(_ figures: ContentService.Figures) -> String {
        [
            line("deltaic_content_streams", "gauge", "Responses that are being sent.", figures.activeStreams),
            line("deltaic_content_held_chunks", "gauge", "Decoded chunks held by responses.", figures.heldChunks),
            line(
                "deltaic_content_taken_away_total", "counter", "Chunks taken from responses whose client was slow.",
                figures.takenAway),
            line("deltaic_content_cached_bytes", "gauge", "Decoded bytes in the cache.", figures.cachedBytes),
            line("deltaic_content_cache_hits_total", "counter", "Chunks found in the cache.", figures.cacheHits),
            line("deltaic_content_cache_misses_total", "counter", "Chunks not in the cache.", figures.cacheMisses),
            line(
                "deltaic_content_decoded_bytes_total", "counter", "Bytes that were reconstructed.", figures.decodedBytes
            ),
            line("deltaic_content_open_versions", "gauge", "Versions ready to be read.", figures.openVersions),
        ].joined()
    }

    private static func line(_ name: String, _ type: String, _ help: String, _ value: Int) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name) \(value)\n"
    }
}
