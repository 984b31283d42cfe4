public import DeltaicCore
internal import Kernels

/// Stores a chunk as a lossless difference from the same chunk of its base.
///
/// The base word's exponent says how large a unit in the last place is, and so by how many of them a training step of a given
/// size moved the weight: the differences are grouped by it, and each group has its own statistics. The base's mantissa
/// says how far weight decay moved it, and rows that no gradient touched are told from those that one did.
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 2.
public struct ExactDeltaCodec: TensorCodec {
    public init() {}

    public var id: CodecID { .exact }

    private enum Stream: Int, CaseIterable {
        case parameters, staircase, classes, modes, direct, bitmap, sparse, extra
        /// The number of streams before those of the elements that have no base word.
        static let count = 8
    }

    /// The names of the streams in their order.
    static let streamNames = Stream.allCases.map { "\($0)" }

    // MARK: Encode

    public func encode(_ chunk: ChunkInput, coder: some StreamCoder) throws(DeltaicError) -> [EncodedStream] {
        let layout = chunk.shape.layout
        let common = min(chunk.shape.elementCount, chunk.base.count / layout.width)
        guard common > 0 else {
            throw DeltaicError(.codecMisuse, "the exact codec needs a base, and the chunk has none")
        }
        let used = WordDifference.usedBits(of: chunk.raw, base: chunk.base, count: common, layout: layout)
        let shift = used == 0 ? 0 : used.trailingZeroBitCount
        let prediction =
            used == 0 || shift > 0
            ? BasePrediction.none
            : PredictionFit.fit(words: chunk.raw, base: chunk.base, count: common, layout: layout)
        let residuals = WordDifference.residuals(
            of: chunk.raw, base: chunk.base, count: common, layout: layout, prediction: prediction, shift: shift)

        let best = arrange(residuals, chunk: chunk, common: common)
        let parameters = ExactParameters(
            common: common, layout: layout, shift: shift, segments: best.segments, prediction: prediction)
        let bits = SignificanceBitmap.split(best.groups.sparse)
        var streams = [
            stored(parameters.bytes),
            try coder.encode(staircaseBytes(prediction, width: layout.width), effort: .matches),
            try coder.encode(best.segments.classes, effort: .matches),
            try coder.encode(best.groups.modes, effort: .matches),
            try coder.encode(best.groups.direct, effort: .literals, boundaries: best.groups.directBoundaries),
            try coder.encode(bits.bitmap, effort: .smallest),
            try coder.encode(bits.significant, effort: .literals),
            stored(best.extraBits),
        ]
        if common < chunk.shape.elementCount {
            let rest = ChunkShape(type: chunk.shape.type, elementCount: chunk.shape.elementCount - common)
            streams += try SoloCodec().encode(Array(chunk.raw[(common * layout.width)...]), layout: rest, coder: coder)
        }
        return streams
    }

    private struct Arrangement {
        let segments: SegmentClasses
        let groups: GroupedSymbols
        let extraBits: [UInt8]
    }

    private func arrange(_ residuals: [UInt8], chunk: ChunkInput, common: Int) -> Arrangement {
        let layout = chunk.shape.layout
        let length = (16...65_536).contains(chunk.rowLength) ? chunk.rowLength : 256
        let offset = length == chunk.rowLength ? chunk.rowOffset : 0
        let segments = SegmentActivity.classify(
            residuals, count: common, layout: layout, length: length, firstLength: length - offset)
        let partition = ContextPartition(base: chunk.base, count: common, layout: layout, segments: segments)
        let split = LogSymbols.split(partition.arrange(residuals, width: layout.width), layout: layout)
        return Arrangement(
            segments: segments, groups: GroupedSymbols(symbols: split.symbols, groups: partition.groups),
            extraBits: split.extraBits)
    }

    private func stored(_ bytes: [UInt8]) -> EncodedStream {
        EncodedStream(encoding: .stored, rawLength: bytes.count, bytes: bytes)
    }

    private func staircaseBytes(_ prediction: BasePrediction, width: Int) -> [UInt8] {
        var writer = ByteWriter()
        for step in prediction.staircase {
            withUnsafeBytes(of: step.littleEndian) { writer.append($0.prefix(width)) }
        }
        return writer.bytes
    }

    // MARK: Decode

    public func decode(
        _ streams: [EncodedStream], shape: ChunkShape, base: [UInt8]?, coder: some StreamCoder
    ) throws(DeltaicError) -> [UInt8] {
        guard streams.count >= Stream.count else {
            throw .malformed("C-18", "too few streams", expected: "at least \(Stream.count)", found: "\(streams.count)")
        }
        func stream(_ name: Stream, limit: Int) throws(DeltaicError) -> [UInt8] {
            try coder.decode(streams[name.rawValue], limit: limit)
        }
        let layout = shape.layout
        let parameters = try ExactParameters(try stream(.parameters, limit: 64), shape: shape)
        let common = parameters.common
        guard let base, base.count >= common * layout.width else {
            throw .malformed(
                "C-11", "the base chunk is too short", expected: "\(common * layout.width) bytes",
                found: "\(base?.count ?? 0)")
        }
        let prediction = try prediction(
            parameters, steps: try stream(.staircase, limit: 8 << BasePrediction.staircaseBitsLimit), layout: layout)
        let segments = try segments(parameters, classes: try stream(.classes, limit: common))
        let partition = ContextPartition(base: base, count: common, layout: layout, segments: segments)
        let groups = partition.groups

        let modeBytes = try stream(.modes, limit: groups.count)
        let modes = modeBytes.compactMap(GroupMode.init(rawValue:))
        guard modes.count == groups.count, modeBytes.count == groups.count else {
            throw .malformed("C-17", "wrong group modes", expected: "\(groups.count)", found: "\(modeBytes.count)")
        }
        func elements(_ mode: GroupMode) -> Int {
            zip(modes, groups).reduce(0) { $0 + ($1.0 == mode ? $1.1 : 0) }
        }
        let direct = try stream(.direct, limit: common)
        guard direct.count == elements(.direct) else {
            throw .malformed("C-18", "wrong direct stream", expected: "\(elements(.direct))", found: "\(direct.count)")
        }
        let sparse = SignificanceBitmap.join(
            bitmap: try stream(.bitmap, limit: common), significant: try stream(.sparse, limit: common),
            count: elements(.sparse))
        guard let sparse else { throw .malformed("C-18", "bitmap and sparse symbols do not fit") }
        let symbols = GroupedSymbols.join(modes: modes, groups: groups, direct: direct, sparse: sparse)
        let extraBits = try stream(.extra, limit: common * layout.width + 1)
        guard let arranged = LogSymbols.join(symbols: symbols, extraBits: extraBits, layout: layout) else {
            throw .malformed("C-18", "symbols and extra bits do not fit")
        }
        let residuals = partition.restore(arranged, width: layout.width)
        let words = WordDifference.words(
            from: residuals, base: base, count: common, layout: layout, prediction: prediction, shift: parameters.shift)
        return words + (try tail(streams, shape: shape, common: common, coder: coder))
    }

    private func prediction(
        _ parameters: ExactParameters, steps: [UInt8], layout: WordLayout
    ) throws(DeltaicError) -> BasePrediction {
        let count = parameters.staircaseBits == 0 ? 0 : 1 << parameters.staircaseBits
        guard steps.count == count * layout.width else {
            throw .malformed("C-18", "wrong staircase", expected: "\(count) steps", found: "\(steps.count) bytes")
        }
        var staircase: [Int64] = []
        for start in stride(from: 0, to: steps.count, by: layout.width) {
            var step: UInt64 = 0
            for position in 0..<layout.width { step |= UInt64(steps[start + position]) << UInt64(8 * position) }
            staircase.append(Int64(bitPattern: step))
        }
        return BasePrediction(
            slope: parameters.slope, staircase: staircase, staircaseBits: parameters.staircaseBits)
    }

    private func segments(_ parameters: ExactParameters, classes: [UInt8]) throws(DeltaicError) -> SegmentClasses {
        guard parameters.classCount > 1 else {
            guard classes.isEmpty else { throw .malformed("C-18", "classes without segments") }
            return .single
        }
        let count = SegmentClasses.segmentCount(
            of: parameters.common, length: parameters.segmentLength, firstLength: parameters.firstSegmentLength)
        guard classes.count == count, classes.allSatisfy({ Int($0) < parameters.classCount }) else {
            throw .malformed("C-18", "wrong segment classes", expected: "\(count)", found: "\(classes.count)")
        }
        return SegmentClasses(
            classCount: parameters.classCount, length: parameters.segmentLength,
            firstLength: parameters.firstSegmentLength, classes: classes)
    }

    private func tail(
        _ streams: [EncodedStream], shape: ChunkShape, common: Int, coder: some StreamCoder
    ) throws(DeltaicError) -> [UInt8] {
        let rest = Array(streams[Stream.count...])
        guard common < shape.elementCount else {
            guard rest.isEmpty else { throw .malformed("C-18", "too many streams", found: "\(streams.count)") }
            return []
        }
        let shape = ChunkShape(type: shape.type, elementCount: shape.elementCount - common)
        return try SoloCodec().decode(rest, shape: shape, base: nil, coder: coder)
    }
}
