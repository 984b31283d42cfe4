internal import DeltaicCore
internal import Foundation
internal import TestSupport
internal import Testing
internal import XetFormat

@testable internal import Registry

@Suite("Xorbs and shards")
struct XorbStoreTests {
    let directory: TemporaryDirectory
    let registry: ModelRegistry
    let model: ModelName
    let scope: String

    init() throws {
        directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("registry"))
        registry = try ModelRegistry(path: directory.path("registry"))
        model = try ModelName("acme/tuned")
        scope = try XorbPlace.scope(of: "writer")
    }

    private var root: String { registry.path + "/uploads/xorbs" }

    private func send(_ bytes: [UInt8], as hash: String, to place: XorbPlace, _ store: XorbStore) throws {
        let writer = try store.receive(hash, in: place)
        for start in stride(from: 0, to: bytes.count, by: 1000) {
            try writer.append(Array(bytes[start..<min(start + 1000, bytes.count)]))
        }
        try writer.finish()
    }

    private func send(_ upload: CapturedUpload, to place: XorbPlace, _ store: XorbStore) throws {
        try send(try upload.xorbBytes(), as: upload.xorb, to: place, store)
    }

    private func assemble(_ shard: [UInt8], from place: XorbPlace, _ store: XorbStore) async throws {
        let writer = try store.receiveShard(in: place)
        try writer.append(shard)
        try await writer.assemble(for: model)
    }

    private func readyFiles(_ registry: ModelRegistry, _ model: String = "acme@tuned") -> [String] {
        FolderContents.files(in: registry.path + "/uploads/ready/" + model).filter { $0.hasSuffix(".pack") }
    }

    @Test(
        "files of a shard are ready for its model and no other, also for a process that comes later",
        arguments: [CapturedUpload.current, .old])
    func replay(upload: CapturedUpload) async throws {
        let store = registry.xorbStore()
        let place = try store.place(forScope: scope)
        try send(upload, to: place, store)
        try await assemble(try upload.shardBytes(), from: place, store)
        #expect(readyFiles(registry).count == upload.files)
        let later = try ModelRegistry(path: registry.path)
        for name in readyFiles(registry) {
            let digest = try #require(Digest(hex: name.dropLast(".pack".count)))
            #expect((later.uploads.size(of: digest, for: model) ?? 0) > 0)
            #expect(later.uploads.size(of: digest, for: try ModelName("acme/other")) == nil)
        }
        // Neither shards nor parts of anything stay behind.
        #expect(
            FolderContents.files(in: root) == ["\(place)/\(upload.xorb)", "epoch"])
        let again = later.xorbStore()
        #expect(try again.place(forScope: scope) == place)
        try await assemble(try upload.shardBytes(), from: place, again)
    }

    @Test("a file that is there already is not put together again")
    func skipped() async throws {
        let store = registry.xorbStore()
        let place = try store.place(forScope: scope)
        try send(.old, to: place, store)
        try await assemble(try CapturedUpload.old.shardBytes(), from: place, store)
        try FileManager.default.removeItem(atPath: "\(root)/\(place)/\(CapturedUpload.old.xorb)")
        try await assemble(try CapturedUpload.old.shardBytes(), from: place, store)
        #expect(try store.place(forScope: scope) == place)
    }

    @Test("a shard whose xorb is not in the client's own place is refused, and the client begins anew")
    func unknownXorb() async throws {
        let store = registry.xorbStore()
        let other = try store.place(forScope: try XorbPlace.scope(of: "another"))
        try send(.current, to: other, store)
        let place = try store.place(forScope: scope)
        let error = await #expect(throws: DeltaicError.self) {
            try await assemble(try CapturedUpload.current.shardBytes(), from: place, store)
        }
        #expect(error?.code == .unknownXorb)
        #expect(readyFiles(registry).isEmpty)
        #expect(try store.place(forScope: scope).epoch > place.epoch)
    }

    // In a chunk that is stored as it is, and in one that does not decode to the same, or not at all.
    @Test(
        "wrong bytes under a xorb's name make no file ready, and the right bytes heal the place",
        arguments: [7764, 20_000])
    func wrongBytes(position: Int) async throws {
        let store = registry.xorbStore()
        let place = try store.place(forScope: scope)
        let upload = CapturedUpload.current
        var bytes = try upload.xorbBytes()
        bytes[position] ^= 1
        try send(bytes, as: upload.xorb, to: place, store)
        let error = await #expect(throws: DeltaicError.self) {
            try await assemble(try upload.shardBytes(), from: place, store)
        }
        #expect(error.map { [.uploadMismatch, .malformedXorb].contains($0.code) } == true)
        #expect(readyFiles(registry).count < upload.files)
        #expect(try store.place(forScope: scope).epoch > place.epoch)
        try send(upload, to: place, store)
        try await assemble(try upload.shardBytes(), from: place, store)
        #expect(readyFiles(registry).count == upload.files)
    }

    @Test("a xorb that is cut off is refused, and the one that was there stays")
    func cutOff() async throws {
        let store = registry.xorbStore()
        let place = try store.place(forScope: scope)
        let upload = CapturedUpload.current
        try send(upload, to: place, store)
        #expect(throws: DeltaicError.self) {
            try send(try upload.xorbBytes().dropLast(), as: upload.xorb, to: place, store)
        }
        #expect(throws: DeltaicError.self) { try store.receive("../../../key", in: place) }
        #expect(throws: DeltaicError.self) { try store.receive(upload.xorb.uppercased(), in: place) }
        let dropped = try store.receive(upload.xorb, in: place)
        try dropped.append([1, 2, 3])
        try await assemble(try upload.shardBytes(), from: place, store)
        #expect(readyFiles(registry).count == upload.files)
    }

    @Test("damaged shards are refused, and say nothing against the xorbs")
    func damagedShard() async throws {
        let store = registry.xorbStore()
        let place = try store.place(forScope: scope)
        try send(.current, to: place, store)
        for shard in [[], Array(try CapturedUpload.current.shardBytes().dropLast())] as [[UInt8]] {
            let error = await #expect(throws: DeltaicError.self) { try await assemble(shard, from: place, store) }
            #expect(error?.code == .malformedShard)
        }
        #expect(try store.place(forScope: scope) == place)
    }

    @Test("an epoch ends when it is old, and its xorbs go when nobody has used them for long")
    func forgetting() throws {
        let store = registry.xorbStore()
        let now = Date()
        let hour = TimeInterval(3600)
        let place = try store.place(forScope: scope, now: now)
        try send(.current, to: place, store)
        #expect(try store.place(forScope: scope, now: now + 5 * hour) == place)
        try store.sweep(now: now + 5 * hour)
        #expect(FileManager.default.fileExists(atPath: "\(root)/\(place)"))
        let next = try store.place(forScope: scope, now: now + 7 * hour)
        #expect(next.epoch > place.epoch)
        try store.sweep(now: now + hour)
        #expect(FileManager.default.fileExists(atPath: "\(root)/\(place)"))
        try store.sweep(now: now + 7 * hour)
        #expect(FolderContents.files(in: root) == ["epoch"])
        // A clock that goes back opens no epoch again.
        #expect(try store.place(forScope: scope, now: now) == next)
    }

    @Test("an epoch that holds too much ends, and a sweep ends one that nobody asks for")
    func endings() throws {
        var limits = XorbStore.Limits()
        limits.epochBytes = 1000
        let store = registry.xorbStore(limits: limits)
        let place = try store.place(forScope: scope)
        try send(.current, to: place, store)
        #expect(try store.place(forScope: scope).epoch > place.epoch)
        let unlimited = registry.xorbStore()
        let second = try unlimited.place(forScope: scope)
        try send(.old, to: second, unlimited)
        try unlimited.sweep(now: Date() + 7 * 3600)
        #expect(FolderContents.files(in: root) == ["epoch"])
    }

    @Test("a client may not send more than its share, another one still may")
    func share() throws {
        var limits = XorbStore.Limits()
        limits.scopeBytes = 1000
        let store = registry.xorbStore(limits: limits)
        let place = try store.place(forScope: scope)
        try send(.current, to: place, store)
        let error = #expect(throws: DeltaicError.self) { try send(.old, to: place, store) }
        #expect(error?.code == .tooManyUploads)
        try send(.old, to: try store.place(forScope: try XorbPlace.scope(of: "another")), store)
    }

    @Test("a shard with a file that is too long is refused before anything is put together")
    func longFile() async throws {
        var limits = XorbStore.Limits()
        limits.longestFile = 339_999
        let store = registry.xorbStore(limits: limits)
        let place = try store.place(forScope: scope)
        try send(.current, to: place, store)
        await #expect(throws: DeltaicError.self) {
            try await assemble(try CapturedUpload.current.shardBytes(), from: place, store)
        }
        #expect(readyFiles(registry).isEmpty)
    }

    @Test("a place of an epoch that has not begun is refused")
    func laterEpoch() throws {
        let store = registry.xorbStore()
        let place = try store.place(forScope: scope)
        let later = try #require(XorbPlace(text: "\(place.epoch + 1)-\(scope)"))
        #expect(throws: DeltaicError.self) { try store.receive(CapturedUpload.old.xorb, in: later) }
    }

    @Test("the text of a place has one form")
    func placeText() throws {
        #expect(XorbPlace(text: "12-00112233445566ff")?.description == "12-00112233445566ff")
        for text in [
            "", "-", "12", "12-", "0-00112233445566ff", "-1-00112233445566ff", "012-00112233445566ff",
            "+1-00112233445566ff", "12-00112233445566FF", "12-00112233445566", "12-00112233445566ff-",
            "12-../../../../..",
            "99999999999999999999-00112233445566ff",
        ] {
            #expect(XorbPlace(text: text) == nil, "\(text)")
        }
    }
}
