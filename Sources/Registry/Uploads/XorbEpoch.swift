internal import DeltaicCore
internal import Foundation
internal import Synchronization

/// The number that all addresses for xorbs have in common for a time, in a file.
///
/// It is the time at which the epoch began, or one more than the number before. So a registry that was restored from a backup, with
/// or without this file, soon gives out addresses that no client has seen.
final class XorbEpoch: Sendable {
    private let folder: UploadFolder
    private let lock = Mutex(())

    init(folder: UploadFolder) {
        self.folder = folder
    }

    /// The current epoch; the first one begins now.
    func current(now: Date) throws -> Int {
        try lock.withLock { _ in try read() ?? begin(after: 0, now) }
    }

    /// Begins the next epoch, unless the given one is over already.
    func close(_ epoch: Int, now: Date) throws {
        try lock.withLock { _ in
            let current = try read() ?? 0
            if current == epoch { _ = try begin(after: current, now) }
        }
    }

    /// The seconds since an epoch began.
    static func age(of epoch: Int, now: Date) -> TimeInterval {
        now.timeIntervalSince1970 - TimeInterval(epoch)
    }

    private var path: String { "\(folder.path)/\(XorbStore.folderName)/epoch" }

    /// Nil if there is no file, or it has no number in it.
    private func read() throws -> Int? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file = try ReadOnlyFile(path: path)
        guard file.size < 32 else { return nil }
        let text = String(decoding: try file.read(0..<file.size), as: UTF8.self)
        return Int(text).flatMap { $0 > 0 ? $0 : nil }
    }

    private func begin(after epoch: Int, _ now: Date) throws -> Int {
        let next = max(epoch + 1, Int(now.timeIntervalSince1970))
        _ = try folder.folder(XorbStore.folderName)
        let file = try DurableFile(path: path)
        try file.write(Array("\(next)".utf8))
        try file.publish()
        return next
    }
}
