internal import DeltaCodecs
internal import DeltaicCore

/// Which codecs of a recipe go by the second moments of inputs.
enum MomentReaders {
    /// - Throws: `.badSettings` naming what is wrong with the settings.
    static func contains(_ codec: CodecID, settings: CodecSettings) throws(DeltaicError) -> Bool {
        try MethodTable.method(codec, settings: settings).readsSecondMoments
    }

    /// - Throws: `.badMoments` if no codec of a recipe reads them, naming those that do.
    static func check(_ recipe: Recipe, path: String) throws(DeltaicError) {
        var codecs: Set<String> = []
        for rule in recipe.rules {
            guard case .lossy(let codec, let settings) = try rule.treatment() else { continue }
            if try contains(codec, settings: settings) { return }
            codecs.insert(codec.description)
        }
        throw DeltaicError(
            .badMoments, "no codec in use reads second moments", at: [path],
            expected: MethodTable.momentReaders.map(\.description).sorted().joined(separator: ", ")
                + ", with a \"rounding\" that is not plain, or \"eora\" that is not off",
            found: codecs.isEmpty ? nil : codecs.sorted().joined(separator: ", "),
            advice: "leave the file out, or choose one of those codecs")
    }
}
