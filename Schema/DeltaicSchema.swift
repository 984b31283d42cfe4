/// What outlives the code, embedded in the binary.
public enum DeltaicSchema {
    /// The migrations of the catalog, in the order in which they are applied.
    public static let catalogMigrations: [(name: String, sql: String)] = [
        ("v001-initial", String(decoding: PackageResources.v001_initial_sql, as: UTF8.self)),
        ("v002-lossy", String(decoding: PackageResources.v002_lossy_sql, as: UTF8.self)),
        ("v003-tokens", String(decoding: PackageResources.v003_tokens_sql, as: UTF8.self)),
        ("v004-service", String(decoding: PackageResources.v004_service_sql, as: UTF8.self)),
        ("v005-pushes", String(decoding: PackageResources.v005_pushes_sql, as: UTF8.self)),
        ("v006-trust", String(decoding: PackageResources.v006_trust_sql, as: UTF8.self)),
        (
            "v007-garbage-events", String(decoding: PackageResources.v007_garbage_events_sql, as: UTF8.self)
        ),
        ("v008-profiles", String(decoding: PackageResources.v008_profiles_sql, as: UTF8.self)),
    ]
}
