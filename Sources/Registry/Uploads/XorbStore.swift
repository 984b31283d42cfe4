internal import DeltaicCore
public import Foundation
internal import Glibc
internal import Synchronization
internal import XetFormat

/// The xorbs that Xet clients have sent, until the files that are made of them are put together, and a while longer.
///
/// They lie in `uploads/xorbs/<place>/<hash>`. The hash is not checked against the content, which is why each client has a place of
/// its own; files are compared with their SHA-256 when they are put together.
public final class XorbStore: Sendable {
    /// When xorbs are forgotten.
    public struct Limits: Sendable {
        /// An epoch ends when it is older, in seconds.
        public var epochAge: TimeInterval = 6 * 3600
        /// An epoch ends when it holds more bytes.
        public var epochBytes = 16 << 30
        /// The xorbs of an epoch that ended are deleted when nobody has used them for so long, in seconds.
        public var idle: TimeInterval = 2 * 3600
        /// What a client may have sent in all epochs together, in bytes; they lie beside the files that are made of them.
        public var scopeBytes = 512 << 30
        /// The most bytes of a file: a shard of a few bytes can name a chunk a million times.
        public var longestFile = 1 << 40

        public init() {}
    }

    /// The most bytes of a xorb.
    public static var longestXorb: Int { XorbFile.longest }
    /// The most bytes of a shard.
    public static var longestShard: Int { ShardFile.longest }

    static let folderName = "xorbs"
    private static let leavingPrefix = "leaving-"
    // Each has the chunks of a few xorbs in hand, and keeps a processor busy; requests need one too.
    private static let assembliesAtOnce = max(1, ProcessInfo.processInfo.activeProcessorCount / 4)

    public let limits: Limits
    let uploads: UploadStore
    private let folder: UploadFolder
    private let epoch: XorbEpoch
    private let assemblies = Permits(count: assembliesAtOnce)
    /// The bytes in each place; nil until they are counted.
    private let sizes = Mutex<[XorbPlace: Int]?>(nil)

    init(folder: UploadFolder, uploads: UploadStore, limits: Limits) {
        self.folder = folder
        self.uploads = uploads
        self.limits = limits
        epoch = XorbEpoch(folder: folder)
    }

    // MARK: - Places

    /// Where a client sends its xorbs from now on; begins a new epoch if it is time.
    public func place(forScope scope: String, now: Date = Date()) throws -> XorbPlace {
        let current = try epoch.current(now: now)
        guard isDue(current, now: now) else { return XorbPlace(epoch: current, scope: scope) }
        try epoch.close(current, now: now)
        return XorbPlace(epoch: try epoch.current(now: now), scope: scope)
    }

    /// Lets the clients of a place forget what they have sent there: with their next upload they begin anew.
    func close(_ place: XorbPlace, now: Date = Date()) throws {
        try epoch.close(place.epoch, now: now)
    }

    private func isDue(_ epoch: Int, now: Date) -> Bool {
        XorbEpoch.age(of: epoch, now: now) > limits.epochAge || bytes { $0.epoch == epoch } > limits.epochBytes
    }

    /// The folder of a place, which counts as used from now on.
    private func folder(of place: XorbPlace) throws -> String {
        let known = "\(folder.path)/\(Self.folderName)/\(place)"
        guard try place.epoch == epoch.current(now: Date()) || access(known, F_OK) == 0 else {
            throw DeltaicError(
                .unknownXorb, "there is no such place for xorbs", at: ["\(place)"],
                advice: "ask for a new token with its address")
        }
        let path = try folder.folder(Self.folderName, place.description)
        utimensat(AT_FDCWD, path, nil, 0)
        return path
    }

    // MARK: - Receiving

    /// Begins to take a xorb; another one of its name stays until it is complete.
    ///
    /// - Throws: `.malformedXorb` if the name is none, `.tooManyUploads` if the client has sent too much, `.ioFailure` or
    ///   `.noSpace`.
    public func receive(_ hash: String, in place: XorbPlace) throws -> XorbWriter {
        guard let hash = XetHash(text: hash) else {
            throw DeltaicError(.malformedXorb, "the name of a xorb has to be 64 hexadecimal digits in lower case")
        }
        let sent = bytes { $0.scope == place.scope }
        guard sent < limits.scopeBytes else {
            throw DeltaicError(
                .tooManyUploads, "this client has sent too much that is in no version yet",
                expected: "at most \(limits.scopeBytes) bytes", found: "\(sent)",
                advice: "commit what was sent, and begin again in \(Int(limits.epochAge + limits.idle) / 3600) hours")
        }
        let file = try IncomingFile(path: try folder(of: place) + "/" + hash.text, limit: XorbFile.longest)
        return XorbWriter(file: file) { [self] count in
            sizes.withLock { sizes in
                guard let before = sizes?[place, default: 0] else { return }
                sizes?[place] = before + count
            }
        }
    }

    /// Begins to take a shard, which is read when it is complete, and not kept.
    /// - Throws: `.ioFailure` or `.noSpace`.
    public func receiveShard(in place: XorbPlace) throws -> ShardWriter {
        let file = try IncomingFile(path: try folder(of: place) + "/shard", limit: ShardFile.longest)
        return ShardWriter(file: file, place: place, store: self)
    }

    /// Waits until so few shards are read at once that one more may be.
    func assemblyPermit() async -> Permit { await assemblies.take() }

    // MARK: - Reading

    /// Opens a xorb, whose place counts as used from now on.
    ///
    /// - Throws: `.unknownXorb` if it is not there.
    func xorb(_ hash: XetHash, in place: XorbPlace) throws -> XorbFile {
        let path = try folder(of: place) + "/" + hash.text
        guard access(path, F_OK) == 0 else {
            throw DeltaicError(
                .unknownXorb, "a shard names a xorb that is not there", at: ["xorb \(hash)"],
                advice: "upload again: the xorb is sent once more then")
        }
        return try naming("xorb \(hash)") { try XorbFile(path: path) }
    }

    // MARK: - Forgetting

    /// Deletes the xorbs that nobody needs any more; for now and then.
    public func sweep(now: Date = Date()) throws {
        sizes.withLock { $0 = nil }
        let root = folder.path + "/" + Self.folderName
        let names = UploadFolder.names(in: root)
        for name in names where name.hasPrefix(Self.leavingPrefix) {
            try? FileManager.default.removeItem(atPath: root + "/" + name)
        }
        let places = names.compactMap { XorbPlace(text: $0) }
        guard !places.isEmpty else { return }
        var current = try epoch.current(now: now)
        if places.contains(where: { $0.epoch == current }), isDue(current, now: now) {
            try epoch.close(current, now: now)
            current = try epoch.current(now: now)
        }
        for place in places where place.epoch < current {
            let path = "\(root)/\(place)"
            guard let age = UploadFolder.age(of: path, now: now), age > limits.idle else { continue }
            // Out of sight first: a place is there as a whole, or not at all.
            let leaving = "\(root)/\(Self.leavingPrefix)\(place)-\(UUID().uuidString)"
            guard rename(path, leaving) == 0 else { continue }
            try? FileManager.default.removeItem(atPath: leaving)
        }
        sizes.withLock { $0 = nil }
    }

    // MARK: - Counting

    /// The bytes of the xorbs in some places, of those that were sent again twice until they are counted anew.
    private func bytes(where isMeant: (XorbPlace) -> Bool) -> Int {
        sizes.withLock { sizes in
            let known = sizes ?? count()
            sizes = known
            return known.reduce(0) { isMeant($1.key) ? $0 + $1.value : $0 }
        }
    }

    private func count() -> [XorbPlace: Int] {
        let root = folder.path + "/" + Self.folderName
        var sizes: [XorbPlace: Int] = [:]
        for place in UploadFolder.names(in: root).compactMap({ XorbPlace(text: $0) }) {
            for name in UploadFolder.names(in: "\(root)/\(place)") {
                var status = stat()
                guard lstat("\(root)/\(place)/\(name)", &status) == 0 else { continue }
                sizes[place, default: 0] += Int(status.st_size)
            }
        }
        return sizes
    }
}

/// Takes the bytes of one xorb.
public final class XorbWriter: Sendable {
    private let file: IncomingFile
    private let count: @Sendable (Int) -> Void

    init(file: IncomingFile, count: @escaping @Sendable (Int) -> Void) {
        self.file = file
        self.count = count
    }

    /// Takes the next bytes.
    /// - Throws: `.tooManyUploads` if there are more than a xorb may have, `.ioFailure` or `.noSpace`.
    public func append(_ bytes: [UInt8]) throws { try file.append(bytes) }

    /// Checks the structure of the xorb, and makes it durable in the place of an earlier one.
    /// - Throws: `.malformedXorb`; then nothing of it is kept.
    public func finish() throws {
        _ = try XorbFile(path: file.temporaryPath)
        count(try file.publish())
    }
}

extension ModelRegistry {
    /// Where Xet clients send the parts of files; one for a process, since it counts what is there.
    public func xorbStore(limits: XorbStore.Limits = .init()) -> XorbStore {
        XorbStore(folder: directory.uploads, uploads: uploads, limits: limits)
    }
}
