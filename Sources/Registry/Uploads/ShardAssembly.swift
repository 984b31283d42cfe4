public import DeltaicCore
internal import Synchronization
internal import XetFormat

/// Takes the bytes of one shard, and puts the files together that it describes.
public final class ShardWriter: Sendable {
    private let file: IncomingFile
    private let place: XorbPlace
    private let store: XorbStore

    init(file: IncomingFile, place: XorbPlace, store: XorbStore) {
        self.file = file
        self.place = place
        self.store = store
    }

    /// Takes the next bytes.
    /// - Throws: `.tooManyUploads` if there are more than a shard may have, `.ioFailure` or `.noSpace`.
    public func append(_ bytes: [UInt8]) throws { try file.append(bytes) }

    /// Puts together the files that have not come yet; a commit to `model` may name them then.
    ///
    /// - Parameter isWanted: asked now and then; false ends it with a `CancellationError`.
    /// - Throws: `.malformedShard`, `.malformedXorb`, `.unknownXorb`, `.uploadMismatch`, `.ioFailure` or `.noSpace`. Where xorbs are
    ///   missing or wrong, the client's next upload begins anew.
    public func assemble(
        for model: ModelName, isWanted: @escaping @Sendable () -> Bool = { true }
    ) async throws {
        let permit = await store.assemblyPermit()
        defer { withExtendedLifetime(permit) {} }
        let assembly = ShardAssembly(
            shardPath: file.temporaryPath, place: place, model: model, store: store, isWanted: isWanted)
        do {
            try await withTaskCancellationHandler {
                try await BlockingWork.run { [self] in
                    // Until here, nothing else keeps the shard.
                    try withExtendedLifetime(file) { try assembly.run() }
                }
            } onCancel: {
                assembly.stop()
            }
        } catch let error as DeltaicError where Self.isFaultOfXorbs(error) {
            try store.close(place)
            throw error
        }
    }

    private static func isFaultOfXorbs(_ error: DeltaicError) -> Bool {
        [.uploadMismatch, .malformedXorb, .unknownXorb].contains(error.code)
    }
}

/// Reads a shard, and the chunks that it names, file by file; holds one chunk at a time.
private final class ShardAssembly: Sendable {
    private static let openXorbs = 8

    private let shardPath: String
    private let place: XorbPlace
    private let model: ModelName
    private let store: XorbStore
    private let isWanted: @Sendable () -> Bool
    private let isStopped = Atomic(false)
    /// No weights are made so many times smaller by LZ4, and no client names the same chunks so often.
    private static let mostExpansion = 64
    private static let leastLimit = 64 << 20

    init(
        shardPath: String, place: XorbPlace, model: ModelName, store: XorbStore,
        isWanted: @escaping @Sendable () -> Bool
    ) {
        self.isWanted = isWanted
        self.shardPath = shardPath
        self.place = place
        self.model = model
        self.store = store
    }

    /// Ends it soon.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    func run() throws {
        let shard = try ShardFile(path: shardPath)
        for file in shard.files where file.size > store.limits.longestFile {
            throw DeltaicError(
                .malformedShard, "a file is too long", at: ["file \(file.digest.hex)"],
                expected: "at most \(store.limits.longestFile) bytes", found: "\(file.size)")
        }
        var xorbs = BoundedCache<XetHash, XorbFile>(limit: Self.openXorbs)
        for file in shard.files where store.uploads.size(of: file.digest, for: model) != file.size {
            try naming("file \(file.digest.hex)") { try assemble(file, of: shard, &xorbs) }
        }
    }

    private func assemble(
        _ file: ShardedFile, of shard: ShardFile, _ xorbs: inout BoundedCache<XetHash, XorbFile>
    ) throws {
        let writer = try store.uploads.receive(file.digest, size: file.size, for: model)
        var sentBytes: [XetHash: Int] = [:]
        var length = 0
        try shard.terms(of: file) { term in
            let xorb = try xorbs.value(for: term.xorb) ?? store.xorb(term.xorb, in: place)
            xorbs.insert(xorb, for: term.xorb, cost: 1)
            let termLength = try naming("xorb \(term.xorb)") { try xorb.rawLength(of: term.chunks) }
            sentBytes[term.xorb] = xorb.byteCount
            length += termLength
            guard length <= Self.leastLimit + sentBytes.values.reduce(0, +) * Self.mostExpansion else {
                throw DeltaicError(
                    .malformedShard, "the file is made of too little: it is far larger than all that was sent for it",
                    expected: "at most \(Self.mostExpansion) times as large")
            }
            guard isWanted() else { throw CancellationError() }
            guard termLength == term.rawLength else {
                throw DeltaicError(
                    .uploadMismatch, "a term is not as long as its chunks", at: ["xorb \(term.xorb)"],
                    expected: "\(term.rawLength) bytes", found: "\(termLength)")
            }
            try naming("xorb \(term.xorb)") {
                try xorb.decode(term.chunks) { raw in
                    guard !isStopped.load(ordering: .relaxed), isWanted() else { throw CancellationError() }
                    try writer.append(raw)
                }
            }
        }
        try writer.finish()
    }
}
