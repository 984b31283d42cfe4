internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

/// Codec 2 decoded straight from `Schema/pack/codec-payloads.md`: element by element, slow, without any of the kernels.
///
/// Only the streams themselves are read with the code under test.
struct ReferenceExactDecoder {
    /// Stream 0.
    struct Parameters {
        var common = 0
        var precision = 0
        var shift = 0
        var classes = 0
        var segmentLength = 0
        var firstSegment = 0
        var slope: Int64 = 0
        var staircaseBits = 0

        init(_ bytes: [UInt8]) throws {
            var rest = bytes[...]
            func byte() throws -> UInt8 {
                let next = rest.popFirst()
                return try #require(next)
            }
            func number() throws -> Int {
                let next = try byte()
                return next < 128 ? Int(next) : Int(next & 127) | (try number()) << 7
            }
            #expect(try byte() == 1)
            common = try number()
            precision = Int(try byte())
            shift = Int(try byte())
            classes = Int(try byte())
            segmentLength = try number()
            firstSegment = try number()
            var bits: UInt64 = 0
            for position in 0..<8 { bits |= UInt64(try byte()) << UInt64(8 * position) }
            slope = Int64(bitPattern: bits)
            staircaseBits = Int(try byte())
            #expect(rest.isEmpty)
        }
    }

    let type: ElementType
    let raw: [[UInt8]]
    let parameters: Parameters

    init(_ streams: [EncodedStream], type: ElementType) throws {
        self.type = type
        raw = try streams.map { try ZstdStream().decode($0, limit: 1 << 23) }
        try #require(raw.count >= 8)
        parameters = try Parameters(raw[0])
    }

    private func keys(_ base: [UInt64]) -> [Int] {
        base.enumerated().map { index, word in
            var context = 0
            if let mantissaBits = type.mantissaBits {
                let exponentBits = 8 * type.width - 1 - mantissaBits
                context = Int(word >> UInt64(mantissaBits)) % (1 << exponentBits) % 256
            }
            guard parameters.classes > 1 else { return context }
            let past = index - parameters.firstSegment
            return Int(raw[2][past < 0 ? 0 : 1 + past / parameters.segmentLength]) * 256 + context
        }
    }

    /// z of every element that has a base word.
    private func residuals(_ keys: [Int]) throws -> [UInt64] {
        let order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
        let groups = Array(Set(keys)).sorted()
        try #require(raw[3].count == groups.count)
        let modes = Dictionary(uniqueKeysWithValues: zip(groups, raw[3]))
        var direct = raw[4][...]
        var sparse = raw[6][...]
        var sparseBit = 0
        var extraBit = 0
        func take(_ stream: inout ArraySlice<UInt8>) throws -> Int {
            let next = stream.popFirst()
            return Int(try #require(next))
        }
        func bit(_ stream: Int, _ position: Int) -> UInt64 {
            UInt64(raw[stream][position / 8] >> UInt8(position % 8) & 1)
        }
        var residuals = [UInt64](repeating: 0, count: keys.count)
        for index in order {
            var symbol = 0
            if modes[keys[index]] == 1 { symbol = try take(&direct) }
            if modes[keys[index]] == 2 {
                if bit(5, sparseBit) == 1 { symbol = try take(&sparse) }
                sparseBit += 1
            }
            let unit = 1 << parameters.precision
            if symbol < 2 * unit {
                residuals[index] = UInt64(symbol)
            } else {
                let count = symbol / unit - 1
                var value = UInt64(symbol % unit + unit) << UInt64(count)
                for position in 0..<count { value |= bit(7, extraBit + position) << UInt64(position) }
                extraBit += count
                residuals[index] = value
            }
        }
        #expect(direct.isEmpty && sparse.isEmpty)
        #expect(raw[5].count == (sparseBit + 7) / 8 && raw[7].count == (extraBit + 7) / 8)
        return residuals
    }

    /// The words of codec 1, for the elements that have no base word.
    private func tail(_ streams: ArraySlice<[UInt8]>) -> [UInt64] {
        let planes = Array(streams)
        if planes.count == 1 { return TensorWords.words(planes[0], width: type.width) }
        return planes[0].indices.map { index in
            let word = planes.reduce(0 as UInt64) { $0 << 8 | UInt64($1[index]) }
            return type.mantissaBits == nil ? word : word >> 1 | (word & 1) << UInt64(8 * type.width - 1)
        }
    }

    func decode(base: [UInt64]) throws -> [UInt64] {
        let base = Array(base.prefix(parameters.common))
        let steps = TensorWords.words(raw[1], width: type.width).map { Int64(bitPattern: $0) }
        #expect(steps.count == (parameters.staircaseBits == 0 ? 0 : 1 << parameters.staircaseBits))
        let arithmetic = SpecificationArithmetic(
            type: type, slope: parameters.slope, staircase: steps, staircaseBits: parameters.staircaseBits,
            shift: parameters.shift)
        let words = zip(try residuals(keys(base)), base).map { arithmetic.word($0, base: $1) }
        return raw.count > 8 ? words + tail(raw[8...]) : words
    }
}

@Suite("Exact codec against the specification")
struct ReferenceDecoderTests {
    @Test("a decoder written from the specification reads what the encoder writes", arguments: ElementType.allCases)
    func agrees(type: ElementType) throws {
        for tensor in TensorCase.all(type) {
            let decoder = try ReferenceExactDecoder(try ContractCodec.exact.encode(tensor.input), type: type)
            let isSame = try decoder.decode(base: tensor.base) == tensor.words
            #expect(isSame, "\(tensor)")
        }
    }

    @Test("the cases reach every part of the codec")
    func coverage() throws {
        var seen: Set<String> = []
        for tensor in [ElementType.float32, .bfloat16].flatMap(TensorCase.all) {
            let decoder = try ReferenceExactDecoder(try ContractCodec.exact.encode(tensor.input), type: tensor.type)
            if decoder.parameters.classes > 1 { seen.insert("classes") }
            if decoder.parameters.classes > 1 && decoder.parameters.firstSegment < decoder.parameters.segmentLength {
                seen.insert("first segment")
            }
            if decoder.parameters.shift > 0 { seen.insert("shift") }
            if decoder.parameters.slope != 0 { seen.insert("slope") }
            if decoder.parameters.staircaseBits > 0 { seen.insert("staircase") }
            for mode in decoder.raw[3] { seen.insert("mode \(mode)") }
            if decoder.raw.count > 8 { seen.insert("tail") }
            if !decoder.raw[7].isEmpty { seen.insert("extra bits") }
        }
        #expect(
            seen == [
                "classes", "first segment", "shift", "slope", "staircase", "mode 0", "mode 1", "mode 2", "tail",
                "extra bits",
            ])
    }
}
