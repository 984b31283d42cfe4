/// How many threads a single operation of linear algebra may use.
///
/// OpenBLAS keeps one number for the whole process and starts as many threads as there are processors. An encoder that works
/// on several tensors at once should set 1, one that works on one tensor after the other the number it was given. The number
/// changes the last bits of sums, so it belongs to what makes an encoding repeatable.
public enum LinearAlgebraThreads {
    /// Sets the number for all later operations of this process.
    ///
    /// - Parameter count: values outside 1...64 are moved to the nearer end.
    public static func limit(to count: Int) {
        LAPACK.setThreads(Int32(max(1, min(64, count))))
    }

    /// Sets one thread for each operation, the first time that an encoder of this process asks: encoders of several tensors run side
    /// by side, and sums are then the same on every run.
    static let limitToOne: Void = limit(to: 1)

    /// The number in force.
    public static var count: Int { Int(LAPACK.threads) }
}
