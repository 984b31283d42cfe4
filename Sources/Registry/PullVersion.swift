internal import Catalog
public import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TensorFiles

/// What a pull wrote.
public struct PullResult: Sendable, Codable {
    /// A file as it now lies in the output folder.
    public struct File: Sendable, Codable {
        public let path: String
        public let size: Int
        public let sha256: Digest
    }

    public let version: VersionSummary
    public let output: String
    public let files: [File]

    public var byteCount: Int { files.reduce(0) { $0 + $1.size } }
}

/// Which part of a version is pulled; nothing named means all of it.
public struct PullSelection: Sendable {
    /// Paths of files.
    public var files: [String]
    /// Names of tensors, which come in one safetensors file of their own.
    public var tensors: [String]
    /// Whether the newest signature of the version comes too, as ``ModelRegistry/signatureFileName``.
    public var hasSignature: Bool

    public init(files: [String] = [], tensors: [String] = [], hasSignature: Bool = false) {
        self.files = files
        self.tensors = tensors
        self.hasSignature = hasSignature
    }
}

extension ModelRegistry {
    /// The name of the file that holds tensors pulled by name.
    public static let tensorFileName = "tensors.safetensors"

    /// Writes a version's files into a folder, each under its name only when its SHA-256 was checked.
    ///
    /// Files of the same names are replaced; others in the folder stay.
    /// - Throws: `.unknownContent` if the version lacks a file or tensor that was named; `.checksumMismatch`,
    ///   `.contentMismatch`, `.malformedPack` if stored bytes are damaged, naming file, tensor and chunk;
    ///   `.unknownContent` if the signature is wanted and nobody has signed the version.
    public func pull(
        _ reference: VersionReference, to output: String, selection: PullSelection = PullSelection()
    ) async throws -> PullResult {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let contents = try catalog.contents(of: reference)
        let (version, all) = (contents.version, contents.files)
        return try await naming("\(version.model)@v\(version.number)") {
            try FileNames.checkTogether(all.map(\.path))
            let files = try selected(selection, from: all)
            let tensors = try selectedTensors(selection, from: all)
            guard tensors.isEmpty || !files.contains(where: { $0.path == Self.tensorFileName }) else {
                throw DeltaicError(
                    .outputConflict, "the version has a file of the name that tensors are written to",
                    at: [Self.tensorFileName], advice: "pull the file and the tensors into different folders")
            }
            // Files are hashed as a whole; what they and their tensors are called only the manifest proves.
            try manifests.run(contents)
            let signature = selection.hasSignature ? try signatureBundle(of: version) : nil
            try makeFolder(output)
            if let signature { try write(signature: signature, to: output) }
            let tensorBytes = tensors.reduce(0) { $0 + $1.byteCount }
            progress.begin("pulling", totalBytes: files.reduce(tensorBytes) { $0 + $1.size })
            defer { progress.end() }
            var written: [PullResult.File] = []
            for file in files {
                try await naming(file.path) { try await write(file, to: output) }
                written.append(PullResult.File(path: file.path, size: file.size, sha256: file.sha256))
            }
            if !tensors.isEmpty { written.append(try await write(tensors, to: output)) }
            return PullResult(version: VersionSummary(version), output: output, files: written)
        }
    }

    private func selected(_ selection: PullSelection, from files: [FileRecord]) throws -> [FileRecord] {
        if selection.files.isEmpty { return selection.tensors.isEmpty ? files : [] }
        return try Self.withoutRepeats(selection.files).map { path in
            guard let file = files.first(where: { $0.path == path }) else {
                throw DeltaicError(
                    .unknownContent, "the version has no file \"\(path)\"",
                    advice: "`deltaic show` lists its files")
            }
            return file
        }
    }

    private func selectedTensors(_ selection: PullSelection, from files: [FileRecord]) throws -> [TensorRecord] {
        let tensors = Dictionary(
            files.flatMap(\.tensors).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return try Self.withoutRepeats(selection.tensors).map { name in
            guard let tensor = tensors[name] else {
                throw DeltaicError(
                    .unknownContent, "the version has no tensor \"\(name)\"",
                    advice: "`deltaic show --tensors` lists its tensors")
            }
            return tensor
        }
    }

    private static func withoutRepeats(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    private func write(_ file: FileRecord, to output: String) async throws {
        try FileNames.check(file.path)
        let path = output + "/" + file.path
        try makeFolder((path as NSString).deletingLastPathComponent)
        let target = try DurableFile(path: path)
        try await FileReconstruction(file: file, reader: objects).run(workers: workers, progress: progress) {
            try target.write($0)
        }
        try target.publish(synced: false)
    }

    private func write(_ tensors: [TensorRecord], to output: String) async throws -> PullResult.File {
        let target = try DurableFile(path: output + "/" + Self.tensorFileName)
        var hash = try StreamingHash(.sha256)
        let header = try SafetensorsHeaderText.header(of: tensors.map { ($0.name, $0.type, $0.shape) })
        hash.update(header)
        try target.write(header)
        for tensor in tensors {
            try await naming("tensor \(tensor.name)") {
                var tensorHash = try StreamingHash(.sha256)
                let object = try objects.object(of: tensor)
                try await workers.mapInOrder(object.chunks.indices) { [objects] in
                    try objects.chunk($0, of: tensor.object)
                } consume: { bytes in
                    tensorHash.update(bytes)
                    hash.update(bytes)
                    try target.write(bytes)
                    progress.advance(bytes.count)
                }
                guard Digest(uncheckedBytes: tensorHash.finish()) == tensor.object else {
                    throw DeltaicError(.contentMismatch, "the bytes are not the ones that were registered")
                }
            }
        }
        let file = PullResult.File(
            path: Self.tensorFileName, size: target.byteCount, sha256: Digest(uncheckedBytes: hash.finish()))
        try target.publish(synced: false)
        return file
    }

    func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            // Foundation has a number of its own for a full disk.
            let isFull = (error as? CocoaError)?.code == .fileWriteOutOfSpace
            throw DeltaicError(
                isFull ? .noSpace : .ioFailure, "cannot create the folder: \(error.localizedDescription)", at: [path],
                advice: isFull ? "free some space and run the command again" : nil)
        }
    }
}
