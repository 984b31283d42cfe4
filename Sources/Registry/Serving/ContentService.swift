internal import Catalog
public import DeltaicCore
internal import PackFormat
internal import Synchronization
internal import TensorFiles

/// Reads reconstructed files and tensors for many readers at once, within a budget of memory.
///
/// Nothing that is removed from the registry meanwhile cuts a reader off: the packs that it needs are open before it begins.
public final class ContentService: Sendable {
    /// What the service may use.
    public struct Budget: Sendable {
        /// Decoded chunks of bases, and of what was read in part, that are kept for the next reader.
        public var cacheBytes: Int
        /// Decoded chunks of 2 MiB that readers hold at a time.
        public var slots: Int
        /// Threads that decode; each works on buffers of about 24 MiB.
        public var threads: Int

        public init(cacheBytes: Int = 96 << 20, slots: Int = 32, threads: Int = 2) {
            self.cacheBytes = cacheBytes
            self.slots = max(1, slots)
            self.threads = min(max(1, threads), ModelRegistry.Options.threadLimit)
        }
    }

    /// What the service has done and holds.
    public struct Figures: Sendable {
        public let activeStreams: Int
        public let heldChunks: Int
        /// How often a chunk was taken from a reader that was slow to take it.
        public let takenAway: Int
        public let cachedBytes: Int
        public let cacheHits: Int
        public let cacheMisses: Int
        public let decodedBytes: Int
        public let openVersions: Int
    }

    private let registry: ModelRegistry
    private let cache: DecodedCache
    private let versions: OpenedVersions
    private let decoder: ChunkDecoder
    private let slots: ChunkSlots
    private let active = Mutex(0)
    private let threads: Int

    public init(registry: ModelRegistry, budget: Budget = Budget()) {
        self.registry = registry
        cache = DecodedCache(limit: budget.cacheBytes, keepsChunks: true)
        versions = OpenedVersions(registry: registry, cache: cache)
        decoder = ChunkDecoder(threads: budget.threads, cache: cache)
        slots = ChunkSlots(count: budget.slots)
        threads = budget.threads
    }

    public var figures: Figures {
        let counts = cache.counts
        return Figures(
            activeStreams: active.withLock { $0 }, heldChunks: slots.heldCount, takenAway: slots.takenAway,
            cachedBytes: cache.byteCount, cacheHits: counts.hits, cacheMisses: counts.misses,
            decodedBytes: decoder.decodedBytes, openVersions: versions.count)
    }

    /// Lets go of what was removed from the registry; to be called now and then.
    public func closeRemoved() {
        registry.closeDeletedPacks()
        versions.closeStale()
    }

    /// A file of a version.
    /// - Throws: a `notFound` error if there is no such version or file, or what is damaged.
    public func file(_ path: String, of reference: VersionReference) throws -> ServedContent {
        let (record, version) = try open(reference)
        return try naming(record.reference) {
            guard let file = version.file(path) else {
                throw DeltaicError(.unknownContent, "the version has no file \"\(path)\"")
            }
            let sources: [(ServedContent.Segment.Source, String)]
            switch file.content {
            case .raw(let object):
                sources = [(.object(try version.reader.object(object)), "its content")]
            case .safetensors(let header, let tensors):
                let head = (ServedContent.Segment.Source.object(try version.reader.object(header)), "its header")
                sources =
                    try [head] + tensors.map { (.object(try version.reader.object(of: $0)), "tensor \($0.name)") }
            }
            let content = ServedContent(
                name: "\(record.reference), \(path)", sha256: file.sha256, sources: sources, reader: version.reader)
            guard content.size == file.size else {
                throw DeltaicError(
                    .contentMismatch, "what the file is made of is too long or too short", at: [path],
                    expected: "\(file.size) bytes", found: "\(content.size)", advice: "run `deltaic verify`")
            }
            return content
        }
    }

    /// The raw bytes of a tensor, in safetensors order.
    /// - Throws: a `notFound` error if there is no such version or tensor, or what is damaged.
    public func tensor(_ name: String, of reference: VersionReference) throws -> ServedContent {
        let (record, version) = try open(reference)
        return try naming(record.reference) {
            let tensor = try self.tensor(name, of: version, record)
            return ServedContent(
                name: "\(record.reference), tensor \(name)", sha256: tensor.object,
                sources: [(.object(try version.reader.object(of: tensor)), "tensor \(name)")], reader: version.reader)
        }
    }

    /// A safetensors file of some tensors, in the order in which they are named.
    /// - Throws: a `notFound` error naming the first that the version lacks, or what is damaged.
    public func tensors(_ names: [String], of reference: VersionReference) throws -> ServedContent {
        let (record, version) = try open(reference)
        return try naming(record.reference) {
            let tensors = try names.map { try self.tensor($0, of: version, record) }
            let header = try SafetensorsHeaderText.header(of: tensors.map { ($0.name, $0.type, $0.shape) })
            let sources = try tensors.map { tensor in
                (ServedContent.Segment.Source.object(try version.reader.object(of: tensor)), "tensor \(tensor.name)")
            }
            return ServedContent(
                name: "\(record.reference), \(tensors.count) tensors", sha256: nil,
                sources: [(.bytes(header), "its header")] + sources, reader: version.reader)
        }
    }

    /// The first bytes of a safetensors file: the length of its header and the header, as they are stored.
    /// - Throws: a `notFound` error if there is no such version or file, or it is no safetensors file.
    public func header(of path: String, in reference: VersionReference) async throws -> [UInt8] {
        let (record, version) = try open(reference)
        return try await naming("\(record.reference), \(path)") {
            guard let file = version.file(path), case .safetensors(let header, _) = file.content else {
                throw DeltaicError(.unknownContent, "the version has no safetensors file of this name")
            }
            var bytes: [UInt8] = []
            for position in try version.reader.object(header).chunks.indices {
                bytes += try await decoder.chunk(position, of: header, from: version.reader, keep: true)
            }
            return bytes
        }
    }

    /// All bytes of a small file, compared with its SHA-256.
    /// - Throws: a `notFound` error if there is no such file, `.fileTooLong` if it is longer than `limit` bytes.
    public func wholeFile(_ path: String, of reference: VersionReference, limit: Int) async throws -> [UInt8] {
        let content = try file(path, of: reference)
        guard content.size <= limit else {
            throw DeltaicError(
                .fileTooLong, "the file is too long to be read at once", at: [content.name],
                expected: "at most \(limit) bytes", found: "\(content.size)")
        }
        var bytes: [UInt8] = []
        try await stream(content, 0..<content.size) {
            Array($0)
        } deliver: {
            bytes += $0
        }
        return bytes
    }

    /// Decodes the first chunk of a range, so that damage in it is known before anything is promised to a client.
    public func prepare(_ content: ServedContent, _ range: Range<Int>) async throws {
        try await naming(content.name) { try await stream(of: content).prepare(range) }
    }

    /// Hands on the bytes of a range of a content, in order and at the reader's pace.
    ///
    /// Every chunk was proved by its checksum. If the range has all of the content or of a tensor in it, the last chunk of
    /// that is handed on only after its SHA-256 was compared.
    /// - Parameters:
    ///   - range: within the content.
    ///   - copy: makes what is handed on; the memory is not valid after that.
    ///   - deliver: returns when the reader can take more; what it throws ends the stream.
    /// - Throws: what is damaged, naming file, tensor and chunk; what was handed on before that is worth nothing.
    public func stream<Copy>(
        _ content: ServedContent, _ range: Range<Int>, copy: (UnsafeRawBufferPointer) -> Copy,
        deliver: (Copy) async throws -> Void
    ) async throws {
        active.withLock { $0 += 1 }
        defer { active.withLock { $0 -= 1 } }
        try await naming(content.name) {
            try await stream(of: content).run(range, copy: copy, deliver: deliver)
        }
    }

    private func stream(of content: ServedContent) -> ContentStream {
        // With many readers every thread is busy anyway, and what is read ahead only fills the cache.
        ContentStream(content: content, decoder: decoder, slots: slots) { [self] in
            max(0, threads + 1 - active.withLock { $0 })
        }
    }

    private func open(_ reference: VersionReference) throws -> (VersionRecord, OpenedVersion) {
        let record = try registry.catalog.version(reference)
        return (record, try naming(record.reference) { try versions.version(record) })
    }

    private func tensor(_ name: String, of version: OpenedVersion, _ record: VersionRecord) throws -> TensorRecord {
        guard let tensor = version.tensor(name) else {
            throw DeltaicError(
                .unknownContent,
                record.isPending
                    ? "the version has no tensor \"\(name)\" yet: only its files can be read until it is compressed"
                    : "the version has no tensor \"\(name)\"")
        }
        return tensor
    }
}
