/// Values at some positions of a dense run.
public enum SparseValues {
    /// The values at `positions`, each below `values.count`.
    public static func gather(_ values: [Float], at positions: [UInt32]) -> [Float] {
        precondition(positions.last.map { Int($0) < values.count } ?? true)
        return [Float](unsafeUninitializedCapacity: positions.count) { gathered, filled in
            values.withUnsafeBufferPointer { values in
                for (index, position) in positions.enumerated() { gathered[index] = values[Int(position)] }
            }
            filled = positions.count
        }
    }

    /// Adds `values[i] * factor`, rounded before it is added, at `positions[i]`.
    ///
    /// - Parameter positions: ascending, as many as values, each below `target.count`.
    public static func add(_ values: [Float], times factor: Float, at positions: [UInt32], to target: inout [Float]) {
        precondition(values.count == positions.count)
        precondition(positions.last.map { Int($0) < target.count } ?? true)
        target.withUnsafeMutableBufferPointer { target in
            for (value, position) in zip(values, positions) { target[Int(position)] += value * factor }
        }
    }

    /// Adds `levels[codes[i]]` at `positions[i]`.
    ///
    /// - Parameters:
    ///   - codes: each below `levels.count`.
    ///   - positions: ascending, as many as codes, each below `target.count`.
    public static func add(levels: [Float], codes: [UInt8], at positions: [UInt32], to target: inout [Float]) {
        precondition(codes.count == positions.count)
        precondition(positions.last.map { Int($0) < target.count } ?? true)
        target.withUnsafeMutableBufferPointer { target in
            levels.withUnsafeBufferPointer { levels in
                for (code, position) in zip(codes, positions) { target[Int(position)] += levels[Int(code)] }
            }
        }
    }

    /// The codes at `positions`, each below `codes.count`.
    public static func gather(_ codes: [UInt8], at positions: [UInt32]) -> [UInt8] {
        precondition(positions.last.map { Int($0) < codes.count } ?? true)
        return [UInt8](unsafeUninitializedCapacity: positions.count) { gathered, filled in
            codes.withUnsafeBufferPointer { codes in
                for (index, position) in positions.enumerated() { gathered[index] = codes[Int(position)] }
            }
            filled = positions.count
        }
    }
}
