public import DeltaicCore
internal import Kernels

/// The trace norm of a task, by which UltraDelta compares the fine-tunes of one base (TNGR; `shared/methods.md`, sections 3.3 and 3.5).
///
/// The code takes it of what compression gives, after rescaling and before gamma; the paper's figure of the original delta. A vector has
/// none.
public enum TaskTraceNorm {
    /// The setting that asks for it.
    public static let setting = (name: "gamma", value: SettingValue.text(UltraDeltaOptions.fromSiblings))

    /// The sum of the singular values of a tensor's delta, or of what a codec makes of it.
    ///
    /// - Parameter codec: planned with gamma = 1; nil for the original delta.
    /// - Throws: what the codec, the source or LAPACK throws.
    public static func of(
        _ tensor: any DeltaSource, codec: (any LossyCodec)?, coder: any StreamCoder
    ) throws(DeltaicError) -> Double {
        guard tensor.rows > 1, tensor.columns > 1 else { return 0 }
        var values: [Float] = []
        values.reserveCapacity(tensor.elementCount)
        if let codec {
            var position = 0
            _ = try LossyEncoder(coder: coder).run(codec, on: tensor) { _, raw throws(DeltaicError) in
                let base = try tensor.chunk(position).base
                let found = tensor.format.values(of: raw)
                for index in base.indices { values.append(found[index] - base[index]) }
                position += 1
            }
        } else {
            values = try tensor.wholeDelta()
        }
        return try SingularValues.traceNorm(
            of: Matrix(rows: tensor.rows, columns: tensor.columns, values: values))
    }

    /// gamma_t = min over the family of its trace norms / that of the task; 1 without siblings.
    public static func gamma(_ own: Double, siblings: [Double]) -> Double {
        own > 0 ? (siblings + [own]).filter { $0 > 0 }.reduce(own, min) / own : 1
    }
}
