internal import CKernels

/// Whether kernels go through `CKernels`: where the processor has the instructions, and DELTAIC_PORTABLE_KERNELS=1 does not forbid it.
///
/// Both ways give the same bytes; tests compare them kernel by kernel, and whole registrations.
enum VectorInstructions {
    static let areUsed = deltaic_uses_vector_instructions()
}
