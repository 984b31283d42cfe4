import DeltaicCore
import Foundation
import PackFormat
import TestSupport
import Testing

@testable import Registry

@Suite("Packs from a registry that cannot be trusted")
struct HostileTransferTests {
    /// A source with models, a target with the base, and the pack that is tampered with.
    private struct Forge {
        let pair: TransferPair
        let own: PackReader
        let tree: GitObjectID?

        init() async throws {
            pair = try TransferPair()
            let folders = try await pair.addModels()
            try await pair.target.addBase(folders.base)
            let registry = pair.source.registry
            let id = try #require(try registry.describe(VersionReference("acme/tuned")).pack)
            own = try registry.directory.packs.open(id)
            tree = try registry.closure(of: VersionReference("acme/tuned")).version.base?.tree
        }

        var manifest: VersionManifest {
            get throws { try VersionManifest(json: try #require(try own.manifest())) }
        }

        /// A pack with another manifest, or other descriptions of objects; nil leaves an object out.
        func pack(
            _ manifest: VersionManifest, describe: (ObjectDescription) -> ObjectDescription? = { $0 },
            extra: ((PackWriter) throws -> Void)? = nil
        ) throws -> (id: Digest, bytes: [UInt8]) {
            let folder = pair.source.directory.path("forged-\(UUID().uuidString)")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let writer = try PackWriter(directory: folder)
            for object in own.objects {
                guard let description = describe(object.description) else { continue }
                try writer.beginObject(description)
                for chunk in object.chunks {
                    try writer.append(
                        codec: chunk.codec, streams: try own.streams(of: chunk), rawChecksum: chunk.rawChecksum)
                }
                try writer.endObject()
            }
            try extra?(writer)
            try writer.write(manifest: try manifest.json())
            let id = try writer.finish { _ in "forged.pack" }
            return (id, try FolderContents.bytes(of: folder + "/forged.pack"))
        }

        /// The error with which a pack is refused.
        func refusal(_ pack: (id: Digest, bytes: [UInt8])) async throws -> DeltaicError? {
            do {
                _ = try await pair.receive(pack.bytes, as: pack.id, baseTree: tree)
                return nil
            } catch let error as DeltaicError {
                return error
            }
        }

        /// The manifest with tree and commit made to fit again.
        func consistent(_ change: (inout VersionManifest) -> Void) throws -> VersionManifest {
            var manifest = try manifest
            change(&manifest)
            manifest.tree = try GitTree(manifest.files.map { ($0.path, $0.blob) }).root
            manifest.commit = try GitCommit.object(
                tree: manifest.tree, parent: manifest.parent, of: ModelName(manifest.model),
                createdAt: manifest.createdAt, message: manifest.message
            ).id
            return manifest
        }
    }

    @Test("the pack as it is passes through the forge, and is taken")
    func control() async throws {
        let forge = try await Forge()
        let pack = try forge.pack(try forge.manifest)
        #expect(pack.id == forge.own.id)
        #expect(try await forge.refusal(pack) == nil)
        #expect(try await forge.pair.isSame("acme/tuned"))
    }

    @Test("a damaged byte, wherever it is, is refused, nothing is seen of it, and the next attempt begins anew")
    func damaged() async throws {
        let forge = try await Forge()
        let bytes = try forge.pack(try forge.manifest).bytes
        for position in stride(from: 0, to: bytes.count, by: bytes.count / 23) + [bytes.count - 50, bytes.count - 1] {
            var damaged = bytes
            damaged[position] ^= 0x10
            let error = try await forge.refusal((forge.own.id, damaged))
            // Reserved bytes mean nothing.
            #expect(error?.code.word == "refusedTransfer", "byte \(position) of \(bytes.count)")
            #expect(forge.pair.target.registry.incomingBytes(forge.own.id) == 0)
        }
        let short = try await forge.refusal((forge.own.id, Array(bytes.dropLast(7))))
        #expect(short?.code.word == "refusedTransfer")
        #expect(try await forge.pair.targetLacks("acme/tuned", packs: 1))
        #expect(try await forge.refusal((forge.own.id, bytes)) == nil)
    }

    @Test("manifests that name what cannot be are refused")
    func manifests() async throws {
        let forge = try await Forge()
        let changes: [(String, (inout VersionManifest) -> Void)] = [
            ("path", { $0.files[0].path = "../evil.json" }),
            ("absolute", { $0.files[0].path = "/etc/evil" }),
            ("twice", { $0.files.append($0.files[0]) }),
            (
                "case",
                {
                    var copy = $0.files[0]
                    copy.path = copy.path.uppercased()
                    $0.files.append(copy)
                }
            ),
            ("zero", { $0.number = 0 }),
            ("negative", { $0.number = -3 }),
            ("huge", { $0.number = .max }),
            ("name", { $0.model = "../../x" }),
            ("kind", { $0.isBase = true }),
            ("task", { $0.task = "no task!" }),
            ("size", { $0.files[0].size = -1 }),
            ("large size", { $0.files[0].size = .max }),
            ("sha256", { $0.files[0].sha256 = Digest(uncheckedBytes: [UInt8](repeating: 7, count: 32)) }),
            ("blob", { $0.files[0].blob = GitObjectID(uncheckedBytes: [UInt8](repeating: 7, count: 20)) }),
            ("content", { $0.files[0].content = Digest(uncheckedBytes: [UInt8](repeating: 7, count: 32)) }),
            ("no files", { $0.files = [] }),
            ("base name", { $0.base?.model = ".." }),
            (
                "tensor name",
                { manifest in
                    for index in manifest.files.indices where manifest.files[index].tensors != nil {
                        manifest.files[index].tensors?[0].name = "other"
                    }
                }
            ),
            (
                "tensor order",
                { manifest in
                    for index in manifest.files.indices where manifest.files[index].tensors != nil {
                        manifest.files[index].tensors?.reverse()
                    }
                }
            ),
            ("kind of manifest", { $0.manifest = 2 }),
            (
                "losses",
                {
                    $0.files[0].losses = [
                        .init(position: 99, codec: "exact", counts: [1, 1, 1], sums: [0, 0, 0, 0, 0])
                    ]
                }
            ),
        ]
        for (name, change) in changes {
            let manifest: VersionManifest
            do {
                manifest = try forge.consistent(change)
            } catch {
                // No tree can be made of it: as it is, then.
                var changed = try forge.manifest
                change(&changed)
                manifest = changed
            }
            let error = try await forge.refusal(try forge.pack(manifest))
            #expect(
                error?.code.word == "refusedTransfer" || error?.code.word == "missingObject",
                "\(name): \(String(describing: error))")
            let history = try forge.pair.target.registry.transferHistory(of: ModelName("acme/tuned"))
            #expect(history.versions.isEmpty, "\(name)")
        }
        #expect(try await forge.pair.targetLacks("acme/tuned", packs: 1))
    }

    @Test("tree and commit have to follow from the files, the time and the message")
    func commit() async throws {
        let forge = try await Forge()
        let other = GitObjectID(uncheckedBytes: [UInt8](repeating: 1, count: 20))
        let changes: [(inout VersionManifest) -> Void] = [
            { $0.commit = other }, { $0.tree = other }, { $0.parent = other }, { $0.createdAt += 1 },
            { $0.message = "another" }, { $0.createdAt = -1 }, { $0.message = "a\0b" },
        ]
        for change in changes {
            var manifest = try forge.manifest
            change(&manifest)
            let error = try await forge.refusal(try forge.pack(manifest))
            #expect(error?.code.word == "refusedTransfer")
        }
        #expect(try await forge.pair.targetLacks("acme/tuned", packs: 1))
    }

    @Test("objects that are missing, not needed, or not what they are said to be, are refused")
    func objects() async throws {
        let forge = try await Forge()
        let manifest = try forge.manifest
        let first = forge.own.objects[0].description.digest
        let missing = try await forge.refusal(try forge.pack(manifest) { $0.digest == first ? nil : $0 })
        #expect(missing != nil)

        let lie = Digest(uncheckedBytes: [UInt8](repeating: 9, count: 32))
        let solo = try #require(
            forge.own.objects.first { $0.description.base == nil && $0.description.type != nil }
        ).description
        let lying = try forge.consistent { manifest in
            for index in manifest.files.indices {
                for tensor in (manifest.files[index].tensors ?? []).indices
                where manifest.files[index].tensors?[tensor].sha256 == solo.digest {
                    manifest.files[index].tensors?[tensor].sha256 = lie
                }
            }
        }
        let renamed = try await forge.refusal(
            try forge.pack(lying) {
                $0.digest == solo.digest
                    ? ObjectDescription(digest: lie, type: $0.type, elementCount: $0.elementCount, base: $0.base) : $0
            })
        #expect(renamed?.code.word == "refusedTransfer")
        #expect(try forge.pair.target.registry.lacking([lie]) == [lie])

        let stray = try await forge.refusal(
            try forge.pack(
                manifest,
                extra: { writer in
                    try writer.beginObject(
                        ObjectDescription(digest: try Digest.sha256([]), type: nil, elementCount: 0, base: nil))
                    try writer.endObject()
                }))
        #expect(stray?.code.word == "refusedTransfer")
        #expect(try await forge.pair.targetLacks("acme/tuned", packs: 1))
    }

    @Test("objects that need each other in a circle are refused")
    func circle() async throws {
        let forge = try await Forge()
        let deltas = forge.own.objects.filter { $0.description.base != nil }.map(\.description)
        let (one, two) = (deltas[0], deltas[1])
        let error = try await forge.refusal(
            try forge.pack(try forge.manifest) { object in
                let base =
                    object.digest == one.digest ? two.digest : object.digest == two.digest ? one.digest : object.base
                return ObjectDescription(
                    digest: object.digest, type: object.type, elementCount: object.elementCount, base: base)
            })
        #expect(error?.code.word == "refusedTransfer")
        #expect(try await forge.pair.targetLacks("acme/tuned", packs: 1))
    }

    @Test("a pack under another id is refused, and so is what is no pack")
    func otherID() async throws {
        let forge = try await Forge()
        let bytes = try forge.pack(try forge.manifest).bytes
        let other = Digest(uncheckedBytes: [UInt8](repeating: 3, count: 32))
        for content in [bytes, [], Array("no pack".utf8), [UInt8](repeating: 0, count: 1000)] {
            let error = try await forge.refusal((other, content))
            #expect(error?.code.word == "refusedTransfer")
        }
    }

    @Test("a transfer goes on where it was, for another process too, and one receiver has it at a time")
    func resumed() async throws {
        let forge = try await Forge()
        let bytes = try forge.pack(try forge.manifest).bytes
        let half = bytes.count / 2
        do {
            let incoming = try forge.pair.target.registry.incomingPack(forge.own.id)
            try incoming.append(Array(bytes[..<half]))
            let other = try forge.pair.target.reopened()
            #expect(throws: DeltaicError.self) { try other.incomingPack(forge.own.id) }
            #expect(other.incomingBytes(forge.own.id) == half)
            #expect(throws: DeltaicError.self) { try incoming.check(offset: half - 1) }
        }
        let other = try forge.pair.target.reopened()
        let incoming = try other.incomingPack(forge.own.id)
        #expect(incoming.received == half)
        try incoming.append(Array(bytes[half...]))
        #expect(try await other.importVersion(from: incoming, baseTree: forge.tree).isNew)
        #expect(try await forge.pair.isSame("acme/tuned"))
        try Evidence.record(
            family: 18, "transfers that are cut off and go on in another process", tried: 1, outcomes: ["right": 1])
    }
}
