internal import HTTPTypes

/// Header fields that Hub clients know, and some that the standard types lack.
extension HTTPField.Name {
    static let repoCommit = Self.known("X-Repo-Commit")
    static let errorCode = Self.known("X-Error-Code")
    static let errorMessage = Self.known("X-Error-Message")
    static let requestID = Self.known("X-Request-Id")
    static let forwardedFor = Self.known("X-Forwarded-For")
    static let forwardedProto = Self.known("X-Forwarded-Proto")
    static let forwardedHost = Self.known("X-Forwarded-Host")
    static let totalCount = Self.known("X-Total-Count")
    static let link = Self.known("Link")
    static let tensorType = Self.known("X-Tensor-Dtype")
    static let tensorShape = Self.known("X-Tensor-Shape")
    static let xetAddress = Self.known("X-Xet-Cas-Url")
    static let xetAccessToken = Self.known("X-Xet-Access-Token")
    static let xetExpiration = Self.known("X-Xet-Token-Expiration")
    static let version = Self.known("X-Deltaic-Version")
    static let referrerPolicy = Self.known("Referrer-Policy")
    static let crossOriginOpenerPolicy = Self.known("Cross-Origin-Opener-Policy")
    static let fetchSite = Self.known("Sec-Fetch-Site")

    private static func known(_ name: String) -> Self {
        // Only ever called with constants.
        guard let field = Self(name) else { preconditionFailure("\(name) is no name of a field") }
        return field
    }
}
