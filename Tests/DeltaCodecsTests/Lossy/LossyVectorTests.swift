internal import DeltaicCore
internal import Foundation
internal import Kernels
internal import TestSupport
internal import Testing

@testable import DeltaCodecs

/// A case of `Schema/vectors/lossy/*.json`.
private struct LossyVector: Decodable {
    let name: String
    let dtype: String
    let columns: Int
    let key: String
    let base: String
    let fineTuned: String
    let settings: CodecSettings
    let decoded: String
    let positions: [UInt32]?
    let codes: [UInt8]?
    let signs: [String]?

    static func read(_ codec: CodecID) throws -> [LossyVector] {
        try JSONDecoder().decode([Self].self, from: Data(try VectorFolder.read("lossy/\(codec).json")))
    }

    static func bytes(_ hex: String) throws -> [UInt8] {
        try stride(from: 0, to: hex.count, by: 2).map { offset in
            let start = hex.index(hex.startIndex, offsetBy: offset)
            return try #require(UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16))
        }
    }

    func tensor() throws -> DeltaTensor {
        let types: [String: ElementType] = ["F32": .float32, "F16": .float16, "BF16": .bfloat16]
        return try DeltaTensor(
            name: name, type: try #require(types[dtype]), columns: columns, base: try Self.bytes(base),
            fineTuned: try Self.bytes(fineTuned), key: try #require(UInt64(key)))
    }
}

@Suite("Lossy codecs against examples that were computed apart")
struct LossyVectorTests {
    @Test(
        "the same words come back as from the reference",
        arguments: [CodecID.bitDelta, .dare, .deltaDQ, .ultraDelta])
    func decoded(codec: CodecID) throws {
        for vector in try LossyVector.read(codec) {
            let tensor = try vector.tensor()
            var settings = vector.settings
            // One tensor makes no use of a step.
            if codec == .ultraDelta { settings["step"] = .number(0) }
            let run = try LossyRun(codec, settings, tensor)
            #expect(run.reconstructed == (try LossyVector.bytes(vector.decoded)), "\(codec), \(vector.name)")
            #expect(try run.decoded(tensor) == run.reconstructed, "\(codec), \(vector.name)")
        }
    }

    @Test("the same codes are stored as the reference makes", arguments: [CodecID.deltaDQ, .ultraDelta])
    func codes(codec: CodecID) throws {
        for vector in try LossyVector.read(codec) {
            guard let codes = vector.codes else { continue }
            var settings = vector.settings
            if codec == .ultraDelta { settings["step"] = .number(0) }
            let run = try LossyRun(codec, settings, try vector.tensor())
            let streams = run.chunks[0].streams
            guard streams.count > 1 else {
                #expect(codes.isEmpty, "\(codec), \(vector.name)")
                continue
            }
            var bits = 4
            if case .number(let number)? = settings["bits"] { bits = Int(number) }
            let stored = PackedBits.unpack(try run.stream(streams.count - 1), count: codes.count, bits: bits)
            #expect(stored == codes, "\(codec), \(vector.name)")
        }
    }

    @Test("the same signs are stored as the reference makes")
    func signs() throws {
        for vector in try LossyVector.read(.bitDelta) {
            let run = try LossyRun(.bitDelta, vector.settings, try vector.tensor())
            let signs = try LossyVector.bytes(try #require(vector.signs).joined())
            #expect(try run.stream(2) == signs, "\(vector.name)")
        }
    }

    @Test("the same elements are stored as the reference keeps")
    func positions() throws {
        for codec in [CodecID.dare, .ultraDelta] {
            for vector in try LossyVector.read(codec) {
                let tensor = try vector.tensor()
                let run = try LossyRun(codec, vector.settings.merging(step(codec)) { $1 }, tensor)
                // Parameters, positions, values.
                guard run.chunks[0].streams.count == 4 else { continue }
                let stored = try PositionStream.decode(
                    run.chunks[0].streams[2], count: tensor.elementCount, coder: PlainStreams())
                #expect(stored == vector.positions, "\(codec), \(vector.name)")
            }
        }
    }

    private func step(_ codec: CodecID) -> CodecSettings { codec == .ultraDelta ? ["step": .number(0)] : [:] }
}

/// Stores streams as they are.
struct PlainStreams: StreamCoder {
    func encode(_ raw: [UInt8], effort: StreamEffort, boundaries: [Int]) throws(DeltaicError) -> EncodedStream {
        EncodedStream(encoding: .stored, rawLength: raw.count, bytes: raw)
    }

    func decode(_ stream: EncodedStream, limit: Int) throws(DeltaicError) -> [UInt8] { stream.bytes }
}
