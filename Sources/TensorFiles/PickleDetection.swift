internal import DeltaicCore

/// Recognises Python pickles, which run code when they are loaded.
///
/// What counts, by the first ``headLength`` bytes and the last one:
/// - a zip archive that names `data.pkl` near its start (PyTorch since 1.6), whatever the file is called;
/// - PyTorch's older magic number, whatever the file is called;
/// - under a suffix of ``suffixes``: a zip archive that names any `.pkl`, a tar archive (PyTorch before 0.2), or the
///   start of a pickle of protocol 2 to 5;
/// - under any other suffix: the start of a pickle of protocol 2 to 5 together with its final `.`.
///
/// Pickles of protocol 0 and 1 are text without a mark, and compressed ones (some `.joblib`) look like any other
/// compressed file; those pass. Nothing is ever unpickled here, so what passes is only stored.
enum PickleDetection {
    static let headLength = 4096
    static let suffixes = [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib"]
    private static let legacyMagic: [UInt8] = [
        0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]

    /// What kind of pickle a file is, nil if it is none.
    /// - Parameters:
    ///   - path: the path, for its suffix.
    ///   - head: the first ``headLength`` bytes, or all if there are fewer.
    ///   - last: the last byte.
    static func kind(path: String, head: [UInt8], last: UInt8?) -> String? {
        let lowered = path.lowercased()
        let hasSuffix = suffixes.contains { lowered.hasSuffix($0) }
        if head.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
            if contains(head, "data.pkl") { return "a PyTorch archive" }
            return hasSuffix && contains(head, ".pkl") ? "a zip archive of pickles" : nil
        }
        if head.starts(with: legacyMagic) { return "a PyTorch file of the older format" }
        if head.count >= 2, head[0] == 0x80, (2...5).contains(head[1]), hasSuffix || last == UInt8(ascii: ".") {
            return "a pickle of protocol \(head[1])"
        }
        if hasSuffix, head.count >= 262, head[257..<262].elementsEqual("ustar".utf8) { return "a tar archive" }
        return nil
    }

    /// Checks that a file is no pickle.
    /// - Throws: `.pickleRefused`.
    static func check(_ file: ReadOnlyFile, path: String) throws(DeltaicError) {
        guard file.size > 0 else { return }
        let head = try file.read(0..<min(file.size, headLength))
        let last = try file.read(file.size - 1..<file.size).first
        guard let kind = kind(path: path, head: head, last: last) else { return }
        throw DeltaicError(
            .pickleRefused, "the file is \(kind), which can run code when it is loaded", at: [quoted(path)],
            advice: "convert it with `safetensors` (`safetensors.torch.save_file`) and remove it from the folder")
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let word = Array(text.utf8)
        guard bytes.count >= word.count else { return false }
        return (0...bytes.count - word.count).contains { bytes[$0] == word[0] && bytes[$0...].starts(with: word) }
    }
}
