internal import DeltaicCore

/// The largest singular directions of a tensor's delta, quantised: a codec of its own, and what other codecs put under theirs.
///
/// Steep spectra are where low rank wins: `shared/methods.md`, section 13.
struct LowRankPart: Sendable {
    let object: FactorObject
    /// The object as it is stored, and U row by row.
    let sharedBytes: [UInt8]
    private let left: FactorCodes
    /// |D|^2 less |D - D_hat|^2.
    let capturedSquares: Double
    /// |D|^2.
    let deltaSquares: Double
    /// The singular values of what was stored, before rounding.
    let singularValues: [Float]

    var rank: Int { object.rank }
    var bits: Int { object.bands.first?.layout.bits ?? 0 }
    /// The expected |D - D_hat|^2.
    var residualSquares: Double { max(0, deltaSquares - capturedSquares) }

    /// How the factors of a delta are found and stored.
    struct Settings: Sendable, Hashable {
        /// 2, 3, 4, 8 or 16.
        ///
        /// At equal bytes 4 leave the least where singular values fall about as 1 / i; flat spectra want 2, for the share that
        /// directions keep grows more slowly than their bits.
        var bits = 4
        /// The values that share a scale; 0 for a whole vector.
        var group = 0
        /// Whether second moments, where there are any, decide which directions matter and how they are rounded.
        var usesMoments = true
    }

    /// What of the squares of a direction is lost when both its vectors are rounded to so many bits.
    ///
    /// Twice the distortion of the best even steps for a normal distribution (Max 1960), less the part that choosing the left
    /// vector anew wins back.
    static func loss(bits: Int) -> Double {
        switch bits {
        case 2: 0.22
        case 3: 0.073
        case 4: 0.023
        case 8: 0.0002
        default: 1e-7
        }
    }

    /// The largest `rank` directions of a delta; nil if the delta is zero or the rank is 0.
    ///
    /// Holds the whole matrix in memory, and some four times as much of thinner ones.
    /// - Throws: what reading the tensor throws; `.noConvergence`, `.unsupported`.
    init?(_ tensor: any DeltaSource, rank: Int, settings: Settings) throws(DeltaicError) {
        guard rank > 0, !tensor.statistics.isZero else { return nil }
        let delta = try tensor.matrix()
        let moments = settings.usesMoments ? try tensor.momentMatrix() : nil
        guard let factors = try Self.directions(delta, moments: moments, rank: rank, seed: tensor.key) else {
            return nil
        }
        try self.init(delta, factors, moments: moments, settings: settings, kind: .lowRank)
    }

    /// As many of the largest directions as are worth their bits; nil if none is.
    ///
    /// Direction i is worth it while sigma_i^2 (1 - loss) / ((m + n) q) > eta |D_residual|^2 / (m n): while a bit takes more squares
    /// away here than a bit for each weight would at the rate of a plain code. Of the widths that are tried the one wins whose
    /// directions leave the least after that price.
    ///
    /// - Parameters:
    ///   - maximumBits: of all that is stored.
    ///   - eta: the price of a bit; a codec that makes more of its bits than one that takes |D|^2 / (m n) for each sets it higher.
    ///   - widths: bits of factors to try.
    init?(
        choosing tensor: any DeltaSource, maximumBits: Double, eta: Double = 1, widths: [Int] = [2, 3, 4],
        usesMoments: Bool = false
    ) throws(DeltaicError) {
        guard !tensor.statistics.isZero else { return nil }
        let size = LowRankSize(rows: tensor.rows, columns: tensor.columns, type: tensor.type)
        let limits = widths.map { size.rank(bits: $0, atMost: maximumBits) }
        guard let limit = limits.max(), limit > 0 else { return nil }
        let delta = try tensor.matrix()
        let moments = usesMoments ? try tensor.momentMatrix() : nil
        guard let factors = try Self.directions(delta, moments: moments, rank: limit, seed: tensor.key) else {
            return nil
        }
        let squares = tensor.statistics.squareSum
        let elements = Double(tensor.elementCount)
        var best: (gain: Double, rank: Int, bits: Int) = (0, 0, 0)
        for (bits, limit) in zip(widths, limits) {
            let price = Double((tensor.rows + tensor.columns) * bits + LowRankSize.bitsPerDirection)
            let kept = 1 - Self.loss(bits: bits)
            var residual = squares
            var rank = 0
            var gain = 0.0
            for sigma in factors.values.prefix(limit) {
                let taken = Double(sigma) * Double(sigma) * kept
                guard taken / price > eta * residual / elements else { break }
                residual -= taken
                rank += 1
                // What is left is worth the fewer bits the less there is of it.
                gain += taken - eta * price * residual / elements
            }
            gain -= rank > 0 ? eta * size.fixedBits * residual / elements : 0
            if gain > best.gain { best = (gain, rank, bits) }
        }
        guard best.rank > 0 else { return nil }
        try self.init(
            delta, factors.prefix(best.rank), moments: moments,
            settings: Settings(bits: best.bits, usesMoments: usesMoments), kind: .lowRank)
    }

    /// The largest singular directions whose values are more than noise of FP32; nil if there is none.
    static func directions(
        _ delta: Matrix, moments: Matrix?, rank: Int, seed: UInt64
    ) throws(DeltaicError) -> SingularValues? {
        LinearAlgebraThreads.limitToOne
        let projection = try moments.map { moments throws(DeltaicError) in try EigenspaceProjection(moments) } ?? nil
        let all = try SingularValues(of: try projection?.project(delta) ?? delta, rank: rank, seed: seed)
        let least = (all.values.first ?? 0) * 1e-6
        let found = all.prefix(all.values.prefix { $0 > least }.count)
        guard found.rank > 0 else { return nil }
        guard let projection else { return found }
        return SingularValues(left: found.left, values: found.values, right: try projection.back(found.right))
    }

    private init(
        _ delta: Matrix, _ factors: SingularValues, moments: Matrix?, settings: Settings, kind: CodecID
    ) throws(DeltaicError) {
        let quantizer = FactorQuantizer(bits: settings.bits, group: settings.group, moments: moments)
        let band = try quantizer.quantize(
            delta, left: factors.left, right: factors.right.scalingRows(by: factors.values))
        object = FactorObject(
            rows: delta.rows, columns: delta.columns,
            bands: [.init(layout: band.layout, right: band.right, leftScales: band.left.scales)])
        sharedBytes = object.bytes
        left = band.left
        singularValues = factors.values
        deltaSquares = pow2(delta.frobeniusNorm)
        // <D, U V> and |U V|^2 without multiplying U V out.
        let product = try delta.times(band.rightValues, transposingOther: true)
        let leftGram = try band.leftValues.times(band.leftValues, transposingSelf: true)
        let rightGram = try band.rightValues.times(band.rightValues, transposingOther: true)
        capturedSquares = 2 * inner(product, band.leftValues) - inner(leftGram, rightGram)
    }

    // MARK: - Terms

    /// The terms of all chunks, one each; the shared object goes to the sink.
    func terms(
        of tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink
    ) throws(DeltaicError) -> [LossyTerm] {
        let digest = try sink.share(sharedBytes)
        var terms: [LossyTerm] = []
        for position in 0..<tensor.chunkCount {
            terms.append(try term(rows: tensor.termContext(position).rows, digest: digest, coder: coder))
        }
        return terms
    }

    private func term(
        rows: Range<Int>, digest: Digest, coder: any StreamCoder
    ) throws(DeltaicError) -> LossyTerm {
        var writer = ByteWriter()
        var boundaries: [Int] = []
        if let layout = object.bands.first?.layout {
            left.slice(rows, layout).write(layout, withScales: false, to: &writer, boundaries: &boundaries)
        }
        return try FactorsTerm.encode(
            kind: .lowRank, shared: digest, left: writer.bytes, boundaries: boundaries, coder: coder)
    }

    /// The delta less this part.
    func residual(
        of tensor: any DeltaSource, terms: [LossyTerm], coder: any StreamCoder
    ) throws(DeltaicError) -> ResidualSource {
        try ResidualSource(
            tensor, after: terms.map { [$0] },
            shared: [(digest: try SharedTable.digest(of: sharedBytes), bytes: sharedBytes)], coder: coder)
    }

    /// Encodes this part and, on what it leaves, another codec: its terms follow.
    func encode(
        _ tensor: any DeltaSource, then codec: any LossyCodec, coder: any StreamCoder, sink: any TermSink
    ) throws(DeltaicError) {
        let terms = try terms(of: tensor, coder: coder, sink: sink)
        let residual = try residual(of: tensor, terms: terms, coder: coder)
        try codec.encode(residual, coder: coder, sink: PrefixingSink(sink, first: terms.map { [$0] }))
    }

    /// The bits of everything that is stored, but for what entropy coding wins.
    func storedBits(of tensor: any DeltaSource) -> Double {
        LowRankSize(rows: tensor.rows, columns: tensor.columns, type: tensor.type).packedBits(
            rank: rank, bits: bits, group: object.bands.first?.layout.group ?? 0)
    }
}

private func pow2(_ value: Double) -> Double { value * value }

/// The sum of products of elements.
private func inner(_ left: Matrix, _ right: Matrix) -> Double {
    zip(left.values, right.values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
}
