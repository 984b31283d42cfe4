public import DeltaicCore

extension DeltaicError.Code {
    /// The folder holds no registry.
    public static let noRegistry = Self("noRegistry", .notFound)
    /// The folder cannot become a registry.
    public static let notEmpty = Self("notEmpty", .conflict)
    /// Another process is changing the registry.
    public static let registryLocked = Self("registryLocked", .locked)
    /// A file changed while it was registered.
    public static let inputChanged = Self("inputChanged", .refusedInput)
    /// A base was asked for, and the model is none, or the other way round.
    public static let notABase = Self("notABase", .conflict)
    /// A tensor or a file that a version does not have.
    public static let unknownContent = Self("unknownContent", .notFound)
    /// A file that was to be read at once is too long for that.
    public static let fileTooLong = Self("fileTooLong", .refusedInput)
    /// Two things that were asked for would have the same name in the output folder.
    public static let outputConflict = Self("outputConflict", .conflict)
    /// What was reconstructed is not what was registered.
    public static let contentMismatch = Self("contentMismatch", .damaged)
    /// The command of an evaluation failed, or gave no score.
    public static let evaluationFailed = Self("evaluationFailed", .refusedInput)
    /// An adapter that cannot be merged into its base.
    public static let unsupportedAdapter = Self("unsupportedAdapter", .refusedInput)
    /// A recipe file cannot be read, or names what there is not.
    public static let badRecipe = Self("badRecipe", .refusedInput)
    /// A file of second moments does not fit the model.
    public static let badMoments = Self("badMoments", .refusedInput)
    /// An access token that would end before it begins.
    public static let badExpiry = Self("badExpiry", .refusedInput)
    /// The bytes that a client sent are not the ones that it announced.
    public static let uploadMismatch = Self("uploadMismatch", .refusedInput)
    /// A commit names a file that was not sent.
    public static let uploadMissing = Self("uploadMissing", .refusedInput)
    /// A shard names a xorb that was not sent, or is not there any more.
    public static let unknownXorb = Self("unknownXorb", .refusedInput)
    /// A client has sent more than it may before it commits.
    public static let tooManyUploads = Self("tooManyUploads", .refusedInput)
    /// A version that is stored as a client sent it cannot be exchanged yet.
    public static let stillPending = Self("stillPending", .conflict)
    /// A chunk that was just encoded does not decode to what it was.
    public static let encodeMismatch = Self("encodeMismatch", .damaged)
    /// Two registries have different versions under one number.
    public static let diverged = Self("diverged", .conflict)
    /// A version cannot come without its base, which is not there, or is another one.
    public static let missingBase = Self("missingBase", .conflict)
    /// What another registry sent is damaged, or not what it says.
    public static let refusedTransfer = Self("refusedTransfer", .refusedInput)
    /// A part of a pack that does not begin where the one before ended.
    public static let wrongOffset = Self("wrongOffset", .conflict)
    /// There is no remote registry of this name.
    public static let unknownRemote = Self("unknownRemote", .notFound)
    /// A remote registry of this name is known.
    public static let remoteExists = Self("remoteExists", .conflict)
    /// The address of a remote registry is no URL of one.
    public static let badRemote = Self("badRemote", .refusedInput)
}
