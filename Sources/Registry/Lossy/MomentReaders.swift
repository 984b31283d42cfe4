internal import DeltaCodecs
internal import DeltaicCore

/// Which codecs go by the second moments of inputs.
enum MomentReaders {
    /// By the setting that turns it off, with its value.
    private static let switches: [CodecID: (name: String, off: String)] = [
        .deltaCoMe: ("rounding", "plain"), .sparse24: ("rounding", "plain"),
        .lowRank: ("eora", "off"),
    ]

    /// Whether a codec with these settings reads them; low-rank does too for a codec that comes before it.
    static func contains(_ codec: CodecID, settings: CodecSettings) -> Bool {
        guard let off = switches[codec] else { return false }
        if settings[off.name] != .text(off.off) { return true }
        guard codec == .lowRank, case .text(let name)? = settings["after"], let before = CodecID(name: name),
            let inner = switches[before]
        else { return false }
        return settings["after." + inner.name] != .text(inner.off)
    }

    /// - Throws: `.badMoments` if no codec of a recipe reads them, naming those that do.
    static func check(_ recipe: Recipe, path: String) throws(DeltaicError) {
        var codecs: Set<String> = []
        for rule in recipe.rules {
            guard case .lossy(let codec, let settings) = try rule.treatment() else { continue }
            if contains(codec, settings: settings) { return }
            codecs.insert(codec.description)
        }
        let known = switches.map { "\($0.key) (unless \"\($0.value.name)\" is \($0.value.off))" }.sorted()
        throw DeltaicError(
            .badMoments, "no codec in use reads second moments", at: [path],
            expected: known.joined(separator: ", "),
            found: codecs.isEmpty ? nil : codecs.sorted().joined(separator: ", "),
            advice: "leave the file out, or choose one of those codecs")
    }
}
