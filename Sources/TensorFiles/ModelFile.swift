internal import DeltaicCore

/// One file of a model.
public struct ModelFile: Sendable {
    /// What a file holds.
    public enum Content: Sendable {
        /// Tensors: the header is read and checked.
        case safetensors(SafetensorsHeader)
        /// Anything else, kept as it is.
        case raw
    }

    /// The path relative to the folder, '/'-separated.
    public let path: String
    /// Where the bytes are, which is no symbolic link.
    public let absolutePath: String
    /// The size in bytes when the file was opened.
    public let size: Int
    public let content: Content

    /// Whether a file of this name is read as safetensors.
    public static func isSafetensors(path: String) -> Bool {
        path.lowercased().hasSuffix(".safetensors")
    }

    var isSafetensors: Bool {
        if case .safetensors = content { true } else { false }
    }

    /// Opens a file: reads its header if it is named as safetensors, makes sure that it is no pickle otherwise.
    static func open(_ path: String, absolutePath: String) throws(DeltaicError) -> ModelFile {
        let file = try ReadOnlyFile(path: absolutePath)
        let content: Content
        if isSafetensors(path: path) {
            try checkNoPointer(file, path: path)
            content = .safetensors(try SafetensorsHeader.read(from: file))
        } else {
            try PickleDetection.check(file, path: path)
            content = .raw
        }
        return ModelFile(path: path, absolutePath: absolutePath, size: file.size, content: content)
    }

    /// A clone without Git LFS has pointers in place of large files; they would only be called malformed.
    private static func checkNoPointer(_ file: ReadOnlyFile, path: String) throws(DeltaicError) {
        let start = Array("version https://git-lfs.github.com/spec/".utf8)
        guard file.size >= start.count, file.size < 1024, try file.read(0..<start.count) == start else { return }
        throw DeltaicError(
            .malformedSafetensors, "the file is a Git LFS pointer, not the tensors themselves", at: [quoted(path)],
            advice: "run `git lfs pull` in the folder")
    }
}
