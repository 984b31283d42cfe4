internal import DeltaicCore
internal import PackFormat

/// Walks a pack without its index.
enum PackScanFuzzer {
    /// The first byte tells whether checksums are made to fit.
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let isMended = input.byte() & 1 == 0
        let rest = Array(input.rest)
        try FuzzFile.with(isMended ? FreshChecksums.records(rest) : rest) { path in
            let scan = try PackScanner(path: path).scan()
            try FuzzParser.require(scan.byteCount == rest.count, "the size is another one")
            var end = 0
            for gap in scan.gaps {
                try FuzzParser.require(gap.lowerBound >= end && !gap.isEmpty, "gaps are empty, or not in order")
                end = gap.upperBound
            }
            try FuzzParser.require(end <= rest.count, "a gap ends after the file")
            for object in scan.objects {
                try FuzzParser.require(
                    object.chunks.count == object.description.grid.chunkCount, "an object lacks chunks")
                for chunk in object.chunks {
                    try FuzzParser.require(
                        chunk.offset >= 32 && chunk.offset + chunk.headerLength <= rest.count,
                        "a chunk begins outside of the file")
                }
            }
        }
    }
}
