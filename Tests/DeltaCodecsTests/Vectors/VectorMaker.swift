internal import DeltaicCore
internal import Foundation
internal import Testing

/// Writes the vectors that `Schema/vectors` lacks; one that is there is never written again.
@Suite("Vector maker")
struct VectorMaker {
    private static let isWanted = ProcessInfo.processInfo.environment["DELTAIC_MAKE_VECTORS"] != nil

    private func write(_ name: String, _ bytes: @autoclosure () throws -> [UInt8]) throws {
        let path = VectorFolder.path(name)
        guard !FileManager.default.fileExists(atPath: path) else { return }
        try Data(try bytes()).write(to: URL(filePath: path))
    }

    @Test("missing vectors are made", .enabled(if: isWanted))
    func make() throws {
        for vector in AcceptVector.all {
            try write("accept/\(vector.name).pack", try vector.file())
            let path = VectorFolder.path("accept/\(vector.name).pack")
            try write(
                "accept/\(vector.name).json",
                try VectorDescription(shows: vector.shows, try VectorReader(path)).json())
        }
        for vector in RejectVector.all { try write("reject/\(vector.name).pack", try vector.file()) }
    }
}
