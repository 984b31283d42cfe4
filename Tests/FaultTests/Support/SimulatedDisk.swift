import Foundation
import TestSupport
import Testing

/// What a disk can hold after a power cut: the operations of a run, those that were not yet durable perhaps missing.
///
/// What is written to a file is durable when the file has been synced afterwards, a name when its folder has; anything else may
/// be lost, one operation as well as all, in any order. Only a rename is whole or not at all. A sync of a file that failed made
/// nothing durable, and a later one does not either: the kernel forgets what it could not write. (Names it does not forget:
/// they are in the journal of the file system.)
struct SimulatedDisk {
    private enum Change {
        case write(node: Int, offset: Int, bytes: [UInt8])
        case cut(node: Int, length: Int)
        case names([(path: String, node: Int?)])
        case none
    }

    private struct Step {
        let change: Change
        /// The step whose sync makes it durable; `Int.max` if none does.
        var durableAt = Int.max
        /// Whether the order of steps matters here: anything but writing.
        let isBoundary: Bool
        let label: String
    }

    /// One state: how far the run came, and which steps had no effect, or half of it.
    struct Cut {
        let length: Int
        var dropped: Set<Int> = []
        /// Dropped writes of which only the length stayed: the bytes are zeros.
        var zeroed: Set<Int> = []
        /// Writes of which only the first sectors came.
        var torn: Set<Int> = []
        let label: String
    }

    private var steps: [Step] = []
    private var contents: [Int: [UInt8]] = [:]
    private var folders: Set<Int> = [0]
    private let names: [String: Int]

    /// - Parameter template: the folder that the run began with.
    init(template: String, log: [OperationRecord]) throws {
        var known = ["": 0]
        var next = 1
        for path in try FileManager.default.subpathsOfDirectory(atPath: template).sorted() {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: template + "/" + path, isDirectory: &isFolder)
            known[path] = next
            if isFolder.boolValue {
                folders.insert(next)
            } else {
                contents[next] = try FolderContents.bytes(of: template + "/" + path)
            }
            next += 1
        }
        names = known
        var targets: [Int?] = []
        for record in log {
            var change = Change.none
            var target: Int?
            let label = "\(record.kind) \(record.path)"
            switch record.kind {
            case .write:
                guard let node = known[record.path] else { continue }
                change = .write(node: node, offset: record.offset, bytes: record.bytes)
                target = node
            case .truncate:
                guard let node = known[record.path] else { continue }
                change = .cut(node: node, length: record.offset)
                target = node
            case .create, .makeFolder:
                known[record.path] = next
                change = .names([(record.path, next)])
                if record.kind == .makeFolder { folders.insert(next) } else { contents[next] = [] }
                next += 1
                target = known[Self.folder(of: record.path)]
            case .rename, .link:
                guard let node = known[record.path] else { continue }
                change = .names([(record.other, node)])
                if record.kind == .rename {
                    change = .names([(record.other, node), (record.path, nil)])
                    known[record.path] = nil
                }
                known[record.other] = node
                target = known[Self.folder(of: record.other)]
            case .unlink, .removeFolder:
                known[record.path] = nil
                change = .names([(record.path, nil)])
                target = known[Self.folder(of: record.path)]
            case .fileSync, .dataSync:
                guard let node = known[record.path] else { continue }
                for index in steps.indices where targets[index] == node {
                    if record.failed, folders.contains(node) { continue }
                    targets[index] = nil
                    if !record.failed { steps[index].durableAt = steps.count }
                }
            case .open: continue
            }
            if record.failed { change = .none }
            steps.append(Step(change: change, isBoundary: record.kind != .write, label: label))
            targets.append(record.failed ? nil : target)
        }
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    // MARK: - Which states there are

    private func undurable(_ length: Int) -> [Int] {
        (0..<length).filter {
            if case .none = steps[$0].change { return false }
            return steps[$0].durableAt >= length
        }
    }

    /// Everything that was not durable is missing, when the run had ended.
    var endWithoutRest: Cut {
        Cut(length: steps.count, dropped: Set(undurable(steps.count)), label: "at the end, nothing that was not synced")
    }

    /// States that a power cut leaves: at every step nothing or all of what was not durable missing, where order matters also each
    /// one alone, and subsets at random.
    func cuts(sampling count: Int, using random: inout SeededGenerator) -> [Cut] {
        var always: [Cut] = []
        var others: [Cut] = []
        for length in 0...steps.count {
            let place =
                length == steps.count ? "at the end" : "before step \(length + 1) (\(steps[length].label))"
            let open = undurable(length)
            always.append(Cut(length: length, dropped: Set(open), label: "\(place), all dropped"))
            let isBoundary = length == steps.count || steps[length].isBoundary
            if isBoundary {
                always.append(Cut(length: length, label: "\(place), none dropped"))
            } else {
                others.append(Cut(length: length, label: "\(place), none dropped"))
            }
            guard !open.isEmpty else { continue }
            if isBoundary {
                for index in open {
                    others.append(
                        Cut(
                            length: length, dropped: [index],
                            label: "\(place), without \(index + 1) \(steps[index].label)"))
                }
            }
            for _ in 0..<(isBoundary ? 4 : 1) {
                var cut = Cut(length: length, label: "\(place), without some")
                for index in open {
                    switch Int.random(in: 0..<8, using: &random) {
                    case 0, 1, 2: cut.dropped.insert(index)
                    case 3:
                        cut.dropped.insert(index)
                        cut.zeroed.insert(index)
                    case 4: cut.torn.insert(index)
                    default: break
                    }
                }
                others.append(cut)
            }
        }
        return always + (Sweep.isFull ? others : Array(others.shuffled(using: &random).prefix(count)))
    }

    // MARK: - Making them

    /// The files, and the folders as nil.
    func tree(_ cut: Cut) -> [String: [UInt8]?] {
        var names = names
        var contents = contents
        for index in 0..<cut.length {
            let isDropped = cut.dropped.contains(index)
            switch steps[index].change {
            case .none: break
            case .names(let changes):
                guard !isDropped else { continue }
                for change in changes { names[change.path] = change.node }
            case .cut(let node, let length):
                guard !isDropped else { continue }
                contents[node, default: []].resize(to: length)
            case .write(let node, let offset, let bytes):
                var end = offset + bytes.count
                if isDropped {
                    if cut.zeroed.contains(index), contents[node, default: []].count < end {
                        contents[node, default: []].resize(to: end)
                    }
                    continue
                }
                // Sectors of 512 bytes are written whole.
                if cut.torn.contains(index) { end = max(offset, (offset + end) / 2 / 512 * 512) }
                if contents[node, default: []].count < end { contents[node, default: []].resize(to: end) }
                contents[node, default: []].replaceSubrange(offset..<end, with: bytes.prefix(end - offset))
            }
        }
        var tree: [String: [UInt8]?] = [:]
        var reached: Set<String> = [""]
        for (path, node) in names.sorted(by: { $0.key < $1.key }) where !path.isEmpty {
            // What is in a folder that has no name cannot be reached.
            guard reached.contains(Self.folder(of: path)) else { continue }
            if folders.contains(node) {
                reached.insert(path)
                tree[path] = .some(nil)
            } else {
                tree[path] = contents[node, default: []]
            }
        }
        return tree
    }

    /// Writes a state to a folder that is there and empty.
    static func write(_ tree: [String: [UInt8]?], to folder: String) throws {
        for (path, bytes) in tree.sorted(by: { $0.key < $1.key }) {
            let target = folder + "/" + path
            guard let bytes else {
                try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
                continue
            }
            guard FileManager.default.createFile(atPath: target, contents: Data(bytes)) else {
                throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: target])
            }
        }
    }

    /// Tells states apart that are the same although they came about differently.
    static func fingerprint(_ tree: [String: [UInt8]?]) -> Int {
        var hasher = Hasher()
        for (path, bytes) in tree.sorted(by: { $0.key < $1.key }) {
            hasher.combine(path)
            if let bytes { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
        }
        return hasher.finalize()
    }
}

extension [UInt8] {
    /// As ftruncate does: what is added is zeros.
    fileprivate mutating func resize(to length: Int) {
        if length < count {
            removeLast(count - length)
        } else {
            append(contentsOf: repeatElement(0, count: length - count))
        }
    }
}

extension PreparedScenario {
    /// Judges a state of the disk in a folder of its own.
    func judge(_ tree: [String: [UInt8]?], _ what: String, mustBeNew: Bool, finishing: Bool, _ tally: inout Tally)
        async throws
    {
        let fault = FaultCase(stage: stage, name: "cut-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: fault.folder, withIntermediateDirectories: false)
        defer { fault.remove() }
        try SimulatedDisk.write(tree, to: fault.folder)
        guard let (isNew, _) = await judge(fault, what, &tally) else { return }
        if mustBeNew, !isNew {
            Issue.record("\(scenario.name), \(what): the command had ended, and what it did is gone")
            tally.count("lost")
        }
        if finishing { try await finish(fault, what, wasNew: isNew) }
    }
}
