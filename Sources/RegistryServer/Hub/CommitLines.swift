internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Registry

/// Reads the body of a commit as it comes: lines of JSON, some with a whole file in them.
///
/// Memory is bounded: what a file holds goes to disk as it comes, and the rest of a line is short.
struct CommitLines {
    private static let mostOperations = 100_000
    private static let longestMessage = 64 << 10

    private let folder: String
    private var line: CommitLine
    private var lineCount = 1
    private var header: Header?
    private var operations: [Push.Operation] = []
    /// Of all paths.
    private var pathBytes = 0

    private struct Header: Decodable {
        let summary: String?
        let description: String?
        let parentCommit: String?
    }

    private struct Line<Value: Decodable>: Decodable {
        let value: Value
    }

    private struct Kind: Decodable {
        let key: String
    }

    private struct File: Decodable {
        let path: String
        let encoding: String?
    }

    private struct LargeFile: Decodable {
        let path: String
        let algo: String?
        let oid: String
        let size: Int?
    }

    private struct Path: Decodable {
        let path: String
    }

    /// - Parameter folder: where files go that come with the commit.
    init(folder: String) {
        self.folder = folder
        line = CommitLine(path: folder + "/0")
    }

    /// Takes the next bytes of the body.
    /// - Throws: `ServerError` 400 for what is no commit.
    mutating func take(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try line.take(rest[..<end])
            try endLine()
            rest = rest[(end + 1)...]
        }
        try line.take(rest)
    }

    /// What the commit asks for.
    /// - Throws: `ServerError` 400.
    mutating func finish(model: ModelName, branch: String?) throws -> Push {
        try endLine()
        guard let header else { throw Self.malformed("it has no header with a summary") }
        let text = [header.summary, header.description].compactMap(\.self).filter { !$0.isEmpty }
        let message = text.joined(separator: "\n\n")
        guard message.utf8.count <= Self.longestMessage, !message.utf8.contains(0) else {
            throw Self.malformed("the message is longer than \(Self.longestMessage) bytes, or has a NUL in it")
        }
        if let parent = header.parentCommit {
            guard (7...40).contains(parent.utf8.count),
                parent.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
            else { throw Self.malformed("parentCommit is no commit id") }
        }
        return Push(
            model: model, branch: branch, expectedParent: header.parentCommit,
            message: message.isEmpty ? "Upload" : message, operations: operations)
    }

    /// The longest path, and all paths of a commit together.
    private static let (longestPath, longestPaths) = (4095, 32 << 20)

    private mutating func checked(_ path: String) throws -> String {
        pathBytes += path.utf8.count
        guard path.utf8.count <= Self.longestPath, pathBytes <= Self.longestPaths else {
            throw Self.malformed(
                "a path is longer than \(Self.longestPath) bytes, or all paths than \(Self.longestPaths)")
        }
        return path
    }

    private mutating func endLine() throws {
        let ended = line
        line = CommitLine(path: "\(folder)/\(lineCount)")
        lineCount += 1
        guard !ended.isBlank else { return }
        let json = Data(ended.json)
        func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
            do {
                return try JSONDecoder().decode(Line<Value>.self, from: json).value
            } catch {
                throw Self.malformed("a line lacks what its key asks for")
            }
        }
        guard let kind = try? JSONDecoder().decode(Kind.self, from: json).key else {
            throw Self.malformed("a line is no JSON object with a key")
        }
        guard operations.count < Self.mostOperations else {
            throw Self.malformed("it has more than \(Self.mostOperations) operations")
        }
        switch kind {
        case "header": header = try value(Header.self)
        case "file":
            let file = try value(File.self)
            let content = try naming(file.path) { try ended.content(encoding: file.encoding ?? "utf-8") }
            operations.append(.add(path: try checked(file.path), content: content))
        case "lfsFile":
            let file = try value(LargeFile.self)
            guard file.algo ?? "sha256" == "sha256", let digest = Digest(hex: file.oid) else {
                throw Self.malformed("the oid of \(file.path.prefix(200)) is no SHA-256")
            }
            operations.append(.addLarge(path: try checked(file.path), sha256: digest, size: file.size))
        case "deletedFile", "deletedEntry": operations.append(.deleteFile(path: try checked(try value(Path.self).path)))
        case "deletedFolder": operations.append(.deleteFolder(path: try checked(try value(Path.self).path)))
        default:
            throw Self.malformed("there is a line with the unknown key \"\(kind.prefix(100))\"")
        }
    }

    static func malformed(_ reason: String) -> ServerError {
        ServerError(.badRequest, "the body is no commit: \(reason)")
    }
}
