internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Registry

/// Compares versions, one pair at a time: every byte of both is decoded for it.
actor Comparisons {
    private struct Pair: Hashable {
        let left: VersionReference
        let right: VersionReference
    }

    private var isRunning = false
    /// Versions never change, so neither does how they differ.
    private var known = BoundedCache<Pair, Data>(limit: 16 << 20)

    /// - Parameters:
    ///   - left, right: by commit id.
    /// - Throws: `ServerError` 503 while another pair is compared.
    func json(_ left: VersionReference, _ right: VersionReference, _ registry: ModelRegistry) async throws -> Data {
        let pair = Pair(left: left, right: right)
        if let data = known.value(for: pair) { return data }
        guard !isRunning else {
            throw ServerError(
                .serviceUnavailable, "another comparison is running; try again in a moment",
                headers: [.retryAfter: "5"])
        }
        isRunning = true
        defer { isRunning = false }
        let data = try JSONResponse.text(of: try await registry.compare(left, right))
        known.insert(data, for: pair, cost: data.count)
        return data
    }
}
