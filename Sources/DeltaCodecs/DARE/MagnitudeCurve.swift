internal import DeltaicCore

/// What part of |D|^2 the largest deltas of a tensor have, read off a sample.
struct MagnitudeCurve: Sendable {
    /// The part that the largest i in ``steps`` have.
    private let parts: [Double]

    private static let steps = 1024

    /// - Throws: what reading throws.
    init(_ tensor: any DeltaSource) throws(DeltaicError) {
        let sample = try DeltaSample(tensor)
        let squares = sample.values.map { Double($0) * Double($0) }.sorted(by: >)
        var parts: [Double] = []
        var sum = 0.0
        var next = 0
        for step in 0...Self.steps {
            while next < squares.count * step / Self.steps {
                sum += squares[next]
                next += 1
            }
            parts.append(sample.squares > 0 ? sum / sample.squares : 1)
        }
        self.parts = parts
    }

    /// The part that the largest `share` of the deltas have.
    func shareOfSquares(largest share: Double) -> Double {
        let place = max(0, min(1, share)) * Double(Self.steps)
        let step = min(Self.steps - 1, Int(place))
        return parts[step] + (parts[step + 1] - parts[step]) * (place - Double(step))
    }
}
