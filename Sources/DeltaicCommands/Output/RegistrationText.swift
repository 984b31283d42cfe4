internal import DeltaicCore
internal import Registry

extension RegistrationResult {
    /// What was registered, in one or two lines.
    var lines: [String] {
        let name = version.reference
        guard isNew else {
            let tags = version.tags.isEmpty ? [] : ["its tags: " + version.tags.joined(separator: ", ")]
            return ["\(name) has exactly these files already: nothing was stored"] + tags
        }
        let share = NumberFormat.percent(storedBytes, of: version.rawBytes)
        return [
            "\(version.isBase ? "added base" : "registered") \(name): \(ByteFormat.text(version.rawBytes)), "
                + "stored in \(ByteFormat.text(storedBytes)) (\(share)), "
                + "\(newObjects) of \(NumberFormat.count(newObjects + knownObjects, "object")) were new"
        ]
    }

    /// Says on standard error what was left out, and what was asked for in vain.
    func writeNotes() {
        if !notApplied.isEmpty {
            StandardStreams.writeNote(
                "note: versions do not change, so \(version.reference) keeps its own "
                    + notApplied.joined(separator: ", "))
        }
        guard !skipped.isEmpty else { return }
        StandardStreams.writeNote("note: left out, as no part of the model: " + skipped.joined(separator: ", "))
    }
}
