public import DeltaicCore
internal import Glibc

/// A folder of model files that was walked, read and checked, or a single safetensors file seen as one.
public struct ModelDirectory: Sendable {
    /// The absolute path of the folder, without symbolic links.
    public let root: String
    /// The files, by path in UTF-8 byte order.
    public let files: [ModelFile]
    /// The relative paths that were left out: `.git` at any depth and `.cache/huggingface`; a folder ends in '/'.
    public let skipped: [String]
    /// Whether a file was named, not a folder: then other files in `root` are no part of the model.
    public let isSingleFile: Bool

    /// Walks a folder and reads the header of each safetensors file, or opens a single `.safetensors` file.
    ///
    /// Symbolic links that lead to a file of the same folder count as that file; a link given as `path` itself is
    /// followed. Empty folders leave no trace.
    /// - Throws: `.modelPathNotFound`; `.unsupportedFileKind` for other links and for devices, sockets and fifos;
    ///   `.unsafePath` and `.collidingPaths` as in ``FileNames``; `.pickleRefused`; `.malformedSafetensors`,
    ///   `.unsupportedElementType` and `.badShardIndex` for what the files contain; `.noSafetensors` if there is none.
    public static func open(_ path: String) throws(DeltaicError) -> ModelDirectory {
        guard let resolved = FileSystem.resolved(path) else {
            let code = errno
            guard code != ENOENT, code != ENOTDIR else {
                throw DeltaicError(.modelPathNotFound, "there is no such file or folder", at: [quoted(path)])
            }
            throw .systemCall("realpath", path: path, errno: code)
        }
        switch FileSystem.kind(of: resolved) {
        case S_IFDIR: return try folder(resolved)
        case S_IFREG: return try singleFile(path, resolved)
        default:
            throw DeltaicError(
                .unsupportedFileKind, "this is neither a folder nor a file", at: [quoted(path)],
                expected: "a model folder or a .safetensors file")
        }
    }

    private static func folder(_ root: String) throws(DeltaicError) -> ModelDirectory {
        var walk = FolderWalk(root: root)
        try walk.run()
        guard !walk.found.isEmpty else {
            throw DeltaicError(
                .noSafetensors, "the folder is empty", at: [quoted(root)], expected: "a .safetensors file")
        }
        let found = walk.found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        try FileNames.checkTogether(found.lazy.map(\.path))
        var files: [ModelFile] = []
        for entry in found {
            files.append(try ModelFile.open(entry.path, absolutePath: entry.absolutePath))
        }
        guard files.contains(where: \.isSafetensors) else {
            throw DeltaicError(
                .noSafetensors, "the folder holds no .safetensors file", at: [quoted(root)],
                advice: "convert the weights with `safetensors`, or name the folder that holds them")
        }
        for file in files where ShardIndex.isIndex(path: file.path) {
            let index = try ShardIndex.read(from: try ReadOnlyFile(path: file.absolutePath))
            try index.check(indexPath: file.path, files: files)
        }
        let skipped = walk.skipped.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return ModelDirectory(root: root, files: files, skipped: skipped, isSingleFile: false)
    }

    private static func singleFile(_ path: String, _ resolved: String) throws(DeltaicError) -> ModelDirectory {
        // The name as given: a link of a download cache leads to a file that is named by its hash.
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? path
        guard ModelFile.isSafetensors(path: name) else {
            throw DeltaicError(
                .noSafetensors, "this is no .safetensors file", at: [quoted(path)],
                expected: "a model folder or a .safetensors file")
        }
        try FileNames.check(name)
        let file = try ModelFile.open(name, absolutePath: resolved)
        let folder = resolved.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(resolved[..<$0]) } ?? ""
        return ModelDirectory(root: folder.isEmpty ? "/" : folder, files: [file], skipped: [], isSingleFile: true)
    }
}
