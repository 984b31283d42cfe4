internal import DeltaicCore
internal import TensorFiles

@testable internal import Registry

/// Reads the manifest of a version, as it comes out of a pack and as another registry sends it.
enum ManifestFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        guard let manifest = try FuzzParser.accepted({ try VersionManifest(json: bytes) }) else { return }
        guard let text = try? manifest.json() else { return }
        let again = try FuzzParser.accepted { try VersionManifest(json: text) }
        try FuzzParser.require(try again?.json() == text, "a manifest that was read is not written the same")
        try receive(bytes)
        if let mended = try FuzzParser.accepted({ try mended(manifest) }) { try receive(mended) }
    }

    private static func receive(_ json: [UInt8]) throws {
        guard let incoming = try FuzzParser.accepted({ try IncomingManifest(json: json, isBase: nil) }) else { return }
        let files = incoming.manifest.files
        try FuzzParser.require(incoming.files.count == files.count && !files.isEmpty, "files are missing")
        for file in files {
            try FuzzParser.require(
                try FuzzParser.accepted { try FileNames.check(file.path) } != nil, "an unsafe path was accepted")
            try FuzzParser.require(file.size >= 0, "a negative size was accepted")
        }
        _ = try FuzzParser.accepted { try incoming.recipe() }
    }

    /// The manifest with the ids that follow from its files, which no fuzzer would guess.
    private static func mended(_ manifest: VersionManifest) throws -> [UInt8] {
        var manifest = manifest
        for index in manifest.files.indices where manifest.files[index].lfs {
            let file = manifest.files[index]
            manifest.files[index].blob = try LFSPointer.blobID(sha256: file.sha256, size: file.size)
        }
        for file in manifest.files { try FileNames.check(file.path) }
        try FileNames.checkTogether(manifest.files.lazy.map(\.path))
        manifest.tree = try GitTree(manifest.files.map { ($0.path, $0.blob) }).root
        manifest.commit = try GitCommit.object(
            tree: manifest.tree, parent: manifest.parent, of: try ModelName(manifest.model),
            createdAt: manifest.createdAt, message: manifest.message
        ).id
        return try manifest.json()
    }
}
