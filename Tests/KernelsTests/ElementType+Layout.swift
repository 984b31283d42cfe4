internal import DeltaicCore
internal import Kernels

extension ElementType {
    var layout: WordLayout { WordLayout(width: width, mantissaBits: mantissaBits) }
    /// N of the specification.
    var bits: Int { 8 * width }
}
