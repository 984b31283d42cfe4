/// What an access token allows; not its secret, which is stored nowhere.
public struct TokenRecord: Hashable, Sendable {
    public let name: String
    /// `read`, `write` or `admin`.
    public let scope: String
    /// The only namespace that it is for; nil for all models.
    public let namespace: String?
    /// Seconds since 1970.
    public let createdAt: Int
    /// From this second since 1970 on it is refused; nil for never.
    public let expiresAt: Int?

    public init(name: String, scope: String, namespace: String?, createdAt: Int, expiresAt: Int?) {
        self.name = name
        self.scope = scope
        self.namespace = namespace
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}
