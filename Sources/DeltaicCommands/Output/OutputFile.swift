internal import DeltaicCore

/// A file that a command writes beside its result, or as its result.
enum OutputFile {
    /// Writes a text, in the place of a file that is there; nobody sees half of it.
    ///
    /// - Throws: `.ioFailure` or `.noSpace`, naming the path.
    static func write(_ text: String, to path: String) throws {
        let file = try DurableFile(path: path)
        try file.write(Array(text.utf8))
        // It can be made again.
        try file.publish(synced: false)
    }
}
