internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Registry

/// What an answer says of a file, beside its bytes.
struct FileHeaders {
    let path: String
    let version: VersionSummary
    /// As the client named it.
    let revision: String

    var fields: HTTPFields {
        var fields: HTTPFields = [:]
        fields[.repoCommit] = version.commit.hex
        fields[.lastModified] = HubDate.httpText(version.createdAt)
        fields[.contentType] = contentType
        let name = path.split(separator: "/").last.map(String.init) ?? path
        fields[.contentDisposition] = "inline; filename*=UTF-8''\(PathSegments.encode(name))"
        // What a commit names never changes; other names may move.
        fields[.cacheControl] = revision == version.commit.hex ? "private, max-age=31536000, immutable" : "no-cache"
        // A file is never a page of this server.
        fields[.contentSecurityPolicy] = "default-src 'none'; sandbox"
        return fields
    }

    private var contentType: String {
        switch path.split(separator: ".").last.map({ $0.lowercased() }) {
        case "json": "application/json"
        case "txt", "md", "py", "yaml", "yml", "jinja", "gitattributes": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}
