public import DeltaicCore
internal import Foundation

/// Another registry that this one exchanges versions with.
public struct Remote: Sendable, Codable, Hashable {
    /// Where its service is, without a slash at the end.
    public let url: String
    /// The token that it is asked with; nil if there is none, or if it is in the environment.
    public var token: String?
    /// The environment variable that the token is in.
    public var tokenVariable: String?
    /// A file of certificates (PEM) that are trusted beside those of the system.
    public var caFile: String?

    /// - Throws: `.badRemote` if the URL is none of an HTTP service.
    public init(
        url: String, token: String? = nil, tokenVariable: String? = nil, caFile: String? = nil
    ) throws(DeltaicError) {
        self.url = try Self.checked(url)
        self.token = token
        self.tokenVariable = tokenVariable
        self.caFile = caFile
    }

    /// The URL without slashes at its end.
    ///
    /// - Throws: `.badRemote` unless it is `http://` or `https://` and a host, without user, query and fragment.
    public static func checked(_ url: String) throws(DeltaicError) -> String {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), parts.host?.isEmpty == false, parts.user == nil,
            parts.password == nil, parts.query == nil, parts.fragment == nil
        else {
            throw DeltaicError(
                .badRemote, "\"\(url)\" is no address of a service", expected: "http://host:port or https://host",
                advice: "a token goes into a file or a variable, not into the address")
        }
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }

    /// The token to send, from wherever it is.
    ///
    /// - Throws: `.badRemote` if the variable is not set.
    public func resolvedToken(_ environment: [String: String]) throws(DeltaicError) -> String? {
        guard let tokenVariable else { return token }
        guard let token = environment[tokenVariable], !token.isEmpty else {
            throw DeltaicError(
                .badRemote, "the environment variable \(tokenVariable), which has the token, is not set", at: [url],
                advice: "set it, or add the remote again with another way to its token")
        }
        return token
    }
}

/// A remote as `remote list` shows it: never its token.
public struct RemoteListing: Sendable, Codable {
    public let name: String
    public let url: String
    public let hasToken: Bool
    public let tokenVariable: String?
    public let caFile: String?
}

/// The remotes of a registry, in a file that only its owner can read.
private struct RemoteFile: Codable {
    var remotes: [String: Remote] = [:]
}

extension ModelRegistry {
    /// The remotes by name.
    public func remotes() throws -> [RemoteListing] {
        try readRemotes().remotes.sorted { $0.key < $1.key }.map { name, remote in
            RemoteListing(
                name: name, url: remote.url, hasToken: remote.token != nil || remote.tokenVariable != nil,
                tokenVariable: remote.tokenVariable, caFile: remote.caFile)
        }
    }

    /// The remote of a name.
    /// - Throws: `.unknownRemote`, which says which there are.
    public func remote(_ name: String) throws -> Remote {
        let remotes = try readRemotes().remotes
        guard let remote = remotes[name] else { throw Self.unknownRemote(name, remotes.keys) }
        return remote
    }

    /// Adds a remote.
    /// - Throws: `.invalidName`, or `.remoteExists` if the name is taken.
    public func addRemote(_ name: String, _ remote: Remote) async throws {
        try ModelName.check(name, kind: "name of a remote", limit: 96)
        try await changeRemotes { remotes in
            guard remotes[name] == nil else {
                throw DeltaicError(
                    .remoteExists, "there is a remote \"\(name)\" already",
                    advice: "choose another name, or remove it first with `deltaic remote remove \(name)`")
            }
            remotes[name] = remote
        }
    }

    /// Forgets a remote; what came from it stays.
    /// - Throws: `.unknownRemote`, which says which there are.
    public func removeRemote(_ name: String) async throws {
        try await changeRemotes { remotes in
            guard remotes.removeValue(forKey: name) != nil else { throw Self.unknownRemote(name, remotes.keys) }
        }
    }

    private func readRemotes() throws -> RemoteFile {
        guard FileManager.default.fileExists(atPath: directory.remotesPath) else { return RemoteFile() }
        guard let data = FileManager.default.contents(atPath: directory.remotesPath) else {
            throw DeltaicError(
                .ioFailure, "the file of remotes cannot be read", at: [directory.remotesPath],
                advice: "it is readable for its owner only: run as that user")
        }
        do {
            return try JSONDecoder().decode(RemoteFile.self, from: data)
        } catch {
            throw DeltaicError(
                .badRemote, "the file of remotes is damaged", at: [directory.remotesPath],
                advice: "delete it, and add the remotes again")
        }
    }

    private func changeRemotes(_ change: (inout [String: Remote]) throws -> Void) async throws {
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        var file = try readRemotes()
        try change(&file.remotes)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(file)
        let target = try DurableFile(path: directory.remotesPath, isSecret: true)
        try target.write(Array(data))
        try target.publish()
    }

    private static func unknownRemote(_ name: String, _ names: some Sequence<String>) -> DeltaicError {
        let all = names.sorted()
        return DeltaicError(
            .unknownRemote, "there is no remote \"\(name)\"",
            advice: all.isEmpty
                ? "add it with `deltaic remote add \(name) URL`" : "there are: " + all.joined(separator: ", "))
    }
}
