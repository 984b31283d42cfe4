internal import DeltaicCore
internal import DeltaicSchema
internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// The catalog of a registry: an SQLite database that says what is registered and in which packs it lies.
///
/// Every call is one transaction, and is safe from any task or process: readers see a consistent state while one writer
/// works, and writers wait for each other for up to ten seconds. A change is durable when its call returns.
public final class CatalogDatabase: Sendable {
    /// The catalog file; SQLite keeps two more beside it, named the same with `-wal` and `-shm`.
    public let path: String
    private let reader: any DatabaseReader
    private let writer: DatabasePool?
    /// Up to here, the journal has the events.
    let keptEvents = Mutex(0)
    private let observer = Mutex<(@Sendable (CatalogDatabase) -> Void)?>(nil)

    private init(path: String, reader: any DatabaseReader, writer: DatabasePool?) {
        self.path = path
        self.reader = reader
        self.writer = writer
    }

    /// Makes an empty catalog.
    ///
    /// - Throws: `.catalogExists` if there is a file at `path`, and leaves it alone.
    public static func create(path: String) throws -> CatalogDatabase {
        try create(path: path, migrations: DeltaicSchema.catalogMigrations)
    }

    static func create(path: String, migrations: [(name: String, sql: String)]) throws -> CatalogDatabase {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw DeltaicError(.catalogExists, "there is a file already", at: [path])
        }
        return try mapping(path) {
            let pool = try openPool(path)
            try CatalogMigrations.migrator(migrations).migrate(pool)
            return CatalogDatabase(path: path, reader: pool, writer: pool)
        }
    }

    /// Opens a catalog, and brings an older schema up to date if it may be written.
    ///
    /// - Throws: `.catalogMissing` if there is no file, `.catalogDamaged` if it is no catalog, `.unsupported` if a newer
    ///   Deltaic wrote it, or an older one did and `readOnly` forbids to migrate it.
    public static func open(path: String, readOnly: Bool = false) throws -> CatalogDatabase {
        guard FileManager.default.fileExists(atPath: path) else {
            throw DeltaicError(
                .catalogMissing, "there is no catalog", at: [path],
                advice: "`deltaic rebuild` makes it anew from the packs of a registry, `deltaic init` a new registry")
        }
        return try mapping(path) {
            let migrator = CatalogMigrations.migrator(DeltaicSchema.catalogMigrations)
            if readOnly {
                let queue = try DatabaseQueue(path: path, configuration: configuration(readOnly: true))
                try queue.read { try CatalogMigrations.check($0, migrator, path: path, mayMigrate: false) }
                return CatalogDatabase(path: path, reader: queue, writer: nil)
            }
            let pool = try openPool(path)
            try pool.read { try CatalogMigrations.check($0, migrator, path: path, mayMigrate: true) }
            try migrate(pool, migrator)
            return CatalogDatabase(path: path, reader: pool, writer: pool)
        }
    }

    /// Applies what is not applied yet; where another process does at the same time, one of them fails and looks again.
    private static func migrate(_ pool: DatabasePool, _ migrator: DatabaseMigrator) throws {
        while true {
            let before = try pool.read(migrator.appliedIdentifiers)
            let attempt = Result { try migrator.migrate(pool) }
            guard case .failure(let error) = attempt else { return }
            guard try pool.read(migrator.appliedIdentifiers) != before else { throw error }
        }
    }

    private static func configuration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        configuration.label = "deltaic-catalog"
        if !readOnly { configuration.prepareDatabase { try keepCompanions($0) } }
        return configuration
    }

    /// Keeps the files beside the catalog when it is closed, the log empty: without them, whoever may read the registry but
    /// not write to its folder could not open it.
    private static func keepCompanions(_ database: Database) throws {
        var flag: CInt = 1
        let code = sqlite3_file_control(database.sqliteConnection, nil, SQLITE_FCNTL_PERSIST_WAL, &flag)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        try database.execute(sql: "PRAGMA journal_size_limit = 16777216")
    }

    private static func openPool(_ path: String) throws -> DatabasePool {
        let pool = try DatabasePool(path: path, configuration: configuration(readOnly: false))
        // GRDB sets NORMAL whenever it sets WAL mode; a published version must survive a power cut.
        // The cache is in KiB: digests are inserted in no order, so a large catalog is written all over.
        try pool.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA synchronous = FULL; PRAGMA cache_size = -32768")
        }
        return pool
    }

    /// Runs `body` on a consistent state of the catalog.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Self.mapping(path) { try reader.read(body) }
    }

    /// Has a function called after every change, when it is durable.
    public func afterChanges(_ body: @escaping @Sendable (CatalogDatabase) -> Void) {
        observer.withLock { $0 = body }
    }

    /// Closes the connections, and leaves all in the one file.
    ///
    /// For a catalog that is to be moved: nothing else may use it then, nor this value afterwards.
    public func close() throws {
        try Self.mapping(path) {
            try writer?.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try reader.close()
        }
    }

    /// Runs `body` in an IMMEDIATE transaction, which is undone if it throws.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let value = try writeQuietly { database in
            let kept = keptEvents.withLock { $0 }
            if kept > 0 { try database.run("DELETE FROM events WHERE sequence <= ?", [kept]) }
            return try body(database)
        }
        observer.withLock { $0 }?(self)
        return value
    }

    /// As ``write(_:)``, and tells nobody.
    func writeQuietly<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard let writer else {
            throw DeltaicError(.catalogReadOnly, "the catalog is open for reading only", at: [path])
        }
        return try Self.mapping(path) { try writer.write(body) }
    }

    private static func mapping<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw DeltaicError.catalog(error, path: path)
        }
    }
}
