public import DeltaicCore
internal import GRDB

extension DeltaicError.Code {
    /// There is no catalog file.
    public static let catalogMissing = Self("catalogMissing", .notFound)
    /// A catalog is to be created where a file is already.
    public static let catalogExists = Self("catalogExists", .conflict)
    /// Another process was writing for longer than the busy timeout.
    public static let catalogLocked = Self("catalogLocked", .locked)
    /// The catalog file is no catalog, or its content contradicts itself.
    public static let catalogDamaged = Self("catalogDamaged", .damaged)
    /// A change was asked of a catalog that is open, or may only be opened, for reading.
    public static let catalogReadOnly = Self("catalogReadOnly", .system)
    /// SQLite refused for a reason that has no code of its own.
    public static let catalogFailure = Self("catalogFailure", .system)

    public static let unknownModel = Self("unknownModel", .notFound)
    public static let unknownVersion = Self("unknownVersion", .notFound)
    public static let unknownTag = Self("unknownTag", .notFound)
    public static let unknownToken = Self("unknownToken", .notFound)
    /// The first digits of a commit id fit more than one version.
    public static let ambiguousCommit = Self("ambiguousCommit", .refusedInput)
    /// A version refers to content that is not, or no longer, stored.
    public static let missingObject = Self("missingObject", .conflict)
    /// A name belongs to a base and is wanted for a model, or the other way round.
    public static let nameTaken = Self("nameTaken", .conflict)
    /// The model has a version with the same commit id.
    public static let versionExists = Self("versionExists", .conflict)
    /// A version is to be compressed that is not, or no longer, stored as it was sent.
    public static let notPending = Self("notPending", .notFound)
    /// The model has a branch of this name.
    public static let branchExists = Self("branchExists", .conflict)
    public static let unknownBranch = Self("unknownBranch", .notFound)
    /// The model has a tag of this name.
    public static let tagExists = Self("tagExists", .conflict)
    /// There is a model or a base of the name already.
    public static let modelExists = Self("modelExists", .conflict)
    /// There is an access token of this name.
    public static let tokenExists = Self("tokenExists", .conflict)
    /// Other versions are deltas of a version that is to be removed.
    public static let versionInUse = Self("versionInUse", .conflict)
    /// The tag has a meaning of its own.
    public static let reservedTag = Self("reservedTag", .refusedInput)
    /// The records of a version contradict each other.
    public static let inconsistentVersion = Self("inconsistentVersion", .refusedInput)
}

extension DeltaicError {
    /// What is said of a version that was looked up and that another process has removed since.
    public static var removedMeanwhile: DeltaicError {
        DeltaicError(
            .unknownVersion, "the version is not registered any more: it was removed meanwhile",
            advice: "`deltaic list` shows what there is")
    }

    /// Says what a failure inside a database access means for the catalog file at `path`.
    static func catalog(_ error: any Error, path: String) -> any Error {
        switch error {
        case let error as DeltaicError: error.code == .catalogDamaged ? error.inside(path) : error
        case let error as DatabaseError:
            sqlite(code: error.resultCode.rawValue, message: error.message ?? "\(error.resultCode)", path: path)
        case is RowDecodingError:
            DeltaicError(.catalogDamaged, "a row has a value of the wrong type", at: [path], advice: repairAdvice)
        default: error
        }
    }

    /// The failure that a primary result code of SQLite stands for.
    static func sqlite(code: Int32, message: String, path: String) -> DeltaicError {
        switch ResultCode(rawValue: code) {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            DeltaicError(
                .catalogLocked, "another process is writing to the catalog", at: [path],
                advice: "try again when it is done")
        case .SQLITE_FULL:
            DeltaicError(
                .noSpace, "the catalog could not grow: \(message)", at: [path],
                advice: "nothing was changed; free some space and run the command again")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            DeltaicError(.catalogDamaged, message, at: [path], advice: repairAdvice)
        case .SQLITE_READONLY:
            DeltaicError(.catalogReadOnly, "the catalog cannot be written", at: [path], advice: "check the permissions")
        case .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_PERM:
            DeltaicError(.ioFailure, message, at: [path], advice: "check the permissions and the disk")
        case .SQLITE_NOMEM:
            DeltaicError(.outOfMemory, "SQLite ran out of memory", at: [path])
        default:
            DeltaicError(.catalogFailure, "SQLite refused (code \(code)): \(message)", at: [path])
        }
    }

    /// A row contradicts the schema.
    static func damagedRow(_ what: String) -> DeltaicError {
        DeltaicError(.catalogDamaged, what, advice: repairAdvice)
    }

    static let repairAdvice =
        "the packs are not affected: `deltaic rebuild` makes the catalog anew from them"
}
