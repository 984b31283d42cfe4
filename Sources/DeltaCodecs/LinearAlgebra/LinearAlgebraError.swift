public import DeltaicCore

extension DeltaicError.Code {
    /// Numbers to compute with are NaN or infinite.
    public static let notFinite = Self("notFinite", .refusedInput)
    /// A matrix that must be positive definite is not.
    public static let notPositiveDefinite = Self("notPositiveDefinite", .refusedInput)
    /// An iteration of linear algebra did not converge.
    public static let noConvergence = Self("noConvergence", .refusedInput)
}
