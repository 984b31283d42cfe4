internal import DeltaicCore
internal import Foundation
internal import Registry

@testable internal import RegistryServer

/// Reads the body of a commit, in one piece and in small ones: both have to come to the same.
enum CommitFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        let whole = try commit(bytes, pieces: bytes.count)
        let pieces = try commit(bytes, pieces: 7)
        try FuzzParser.require(whole == pieces, "a commit depends on how its body was cut")
    }

    /// What a commit asks for, nil if it is refused.
    private static func commit(_ bytes: [UInt8], pieces length: Int) throws -> String? {
        try FuzzFile.withFolder { folder in
            var lines = CommitLines(folder: folder)
            do {
                for start in stride(from: 0, to: bytes.count, by: max(1, length)) {
                    try lines.take(Array(bytes[start..<min(start + length, bytes.count)]))
                }
                let push = try lines.finish(model: try ModelName("org/name"), branch: nil)
                return "\(push.message) \(push.expectedParent ?? "")"
                    + push.operations.map { "\($0)".replacing(folder, with: "") }.joined()
            } catch let error {
                try FuzzParser.require(
                    error is ServerError || error is DeltaicError, "a commit fails with \(error)")
                return nil
            }
        }
    }
}
