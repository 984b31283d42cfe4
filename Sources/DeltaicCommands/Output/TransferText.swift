internal import DeltaicCore
internal import RegistryClient

extension TransferReport {
    /// What moved, a line for each version.
    ///
    /// - Parameters:
    ///   - verb: `pushed` or `pulled`.
    ///   - place: where what did not move was: `here` or `there`.
    func lines(verb: String, place: String) -> [String] {
        var lines = versions.map { version in
            let resumed =
                version.movedBytes < version.packBytes
                ? " (\(ByteFormat.text(version.packBytes - version.movedBytes)) of it had come before)" : ""
            return "\(verb) \(version.reference): \(ByteFormat.text(version.packBytes)) in 1 pack\(resumed), "
                + "\(NumberFormat.count(version.knownObjects)) of \(NumberFormat.count(version.objects, "object")) were \(place)"
        }
        if versions.isEmpty { lines.append("\(reference) is \(place) already: no pack moved") }
        for tag in tags where tag.outcome != .leftAlone {
            lines.append(
                "\(tag.outcome == .copied ? "copied" : "moved") the tag \(tag.tag) of \(tag.model)@v\(tag.number)")
        }
        return lines
    }

    /// Says on standard error which tags name something else on the other side.
    func writeNotes() {
        for tag in tags where tag.outcome == .leftAlone { tag.writeNote() }
    }
}

extension TransferredTag {
    func writeNote() {
        StandardStreams.writeNote(
            "note: the tag \(tag) of \(model) names v\(number) on one side and another version on the other; it was left alone"
        )
    }
}
