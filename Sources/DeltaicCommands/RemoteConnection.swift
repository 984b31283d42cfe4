internal import Foundation
internal import Registry
internal import RegistryClient

extension ModelRegistry {
    /// Runs `body` with a connection to a remote, which is closed after that.
    func connected<Result: Sendable>(
        to name: String, _ body: (RemoteRegistry) async throws -> Result
    ) async throws -> Result {
        let remote = try RemoteRegistry(
            name: name, remote: try remote(name), environment: ProcessInfo.processInfo.environment)
        do {
            let result = try await body(remote)
            await remote.close()
            return result
        } catch {
            await remote.close()
            throw error
        }
    }
}
