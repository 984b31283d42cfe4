public import DeltaicCore

extension DeltaicError.Code {
    /// A safetensors file breaks a rule of its format.
    public static let malformedSafetensors = Self("malformedSafetensors", .refusedInput)
    /// A tensor has a dtype that Deltaic does not know, or whose elements are smaller than a byte.
    public static let unsupportedElementType = Self("unsupportedElementType", .refusedInput)
    /// A shard index is malformed, or does not agree with the files beside it.
    public static let badShardIndex = Self("badShardIndex", .refusedInput)
    /// A file is a Python pickle, which runs code when it is loaded.
    public static let pickleRefused = Self("pickleRefused", .refusedInput)
    /// A path cannot be kept, because it is unsafe or impossible on some systems.
    public static let unsafePath = Self("unsafePath", .refusedInput)
    /// Two paths are one and the same on some systems.
    public static let collidingPaths = Self("collidingPaths", .refusedInput)
    /// An entry of a model folder is a link that cannot be followed, or no regular file.
    public static let unsupportedFileKind = Self("unsupportedFileKind", .refusedInput)
    /// A folder or file holds no safetensors.
    public static let noSafetensors = Self("noSafetensors", .refusedInput)
    /// There is nothing at the path that was given.
    public static let modelPathNotFound = Self("modelPathNotFound", .notFound)
}

/// A name from outside as it is shown in an error: in quotes, control characters escaped, cut after 120 characters.
func quoted(_ name: String) -> String {
    let shown = name.unicodeScalars.prefix(120).map { scalar in
        scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return "\"" + shown.joined() + (name.unicodeScalars.count > 120 ? "..." : "") + "\""
}
