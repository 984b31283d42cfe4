/// Which files of a model stand in Git as an LFS pointer.
public enum LFSRule {
    /// Files over this many bytes are large whatever their name is.
    public static let sizeLimit = 10 << 20

    /// Whether a file is kept as an LFS pointer.
    ///
    /// It is if it matches a pattern of the Hub's default `.gitattributes`, old or new, or `*.gguf`, or is larger than
    /// ``sizeLimit``. An empty file never is.
    /// - Parameters:
    ///   - path: relative, '/'-separated; letters count as they are written.
    ///   - size: in bytes.
    public static func isLarge(path: String, size: Int) -> Bool {
        guard size > 0 else { return false }
        if size > sizeLimit || path.hasPrefix("saved_model/") { return true }
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
        if let dot = name.lastIndex(of: "."), suffixes.contains(String(name[name.index(after: dot)...])) { return true }
        return infixes.contains { name.contains($0) }
    }

    /// The patterns of `.gitattributes` that say the same, but for sizes.
    public static var patterns: [String] {
        (suffixes.map { "*." + $0 } + infixes.map { "*\($0)*" } + ["saved_model/**/*"]).sorted()
    }

    /// Patterns `*.x`.
    private static let suffixes: Set<String> = [
        "7z", "arrow", "bin", "bz2", "ckpt", "ftz", "gguf", "gz", "h5", "joblib", "mlmodel", "model", "msgpack", "npy",
        "npz", "onnx", "ot", "parquet", "pb", "pickle", "pkl", "pt", "pth", "rar", "safetensors", "tar", "tflite",
        "tgz", "wasm", "xz", "zip", "zst", "zstandard",
    ]

    /// Patterns `*x*`.
    private static let infixes = [".bin.", ".lfs.", ".tar.", "tfevents"]
}
