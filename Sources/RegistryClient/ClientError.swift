public import DeltaicCore

extension DeltaicError.Code {
    /// Another server could not be reached, or did not answer as HTTP has it.
    public static let connectionFailed = Self("connectionFailed", .system)
    /// Another server wants a token, or another one.
    public static let accessDenied = Self("accessDenied", .refusedInput)
    /// Another server answered with what this version cannot read.
    public static let badAnswer = Self("badAnswer", .refusedInput)
    /// Another registry's server was asked to import a model, and could not.
    public static let remoteImportFailed = Self("remoteImportFailed", .refusedInput)
    /// A file came otherwise than was announced, twice.
    public static let downloadMismatch = Self("downloadMismatch", .damaged)
}

/// The catalog's words, for what is found before the catalog is asked.
extension DeltaicError.Code {
    static let noSuchModel = Self("unknownModel", .notFound)
    static let kindDiffers = Self("nameTaken", .conflict)
    static let numberUsed = Self("versionExists", .conflict)
}
