extension TensorShape {
    /// Experts and layers are wider than this, the kernels of convolutions are not.
    private static let leastMatrixSide = 16

    /// The length of a row of the matrix that lossy codecs see in a tensor; nil for scalars and vectors, which are one row.
    ///
    /// The first dimension counts rows and the others make columns: a linear layer is [out, in], a convolution's kernel
    /// [out, in, height, width]. But a stack of matrices, as experts of a layer are stored ([experts, m, n]), has the rows of all its matrices:
    /// scales and singular vectors of one expert have nothing to do with those of another. A tensor of rank 3 is such a stack
    /// if both its last dimensions are 16 or more and no part of its name speaks of a convolution.
    ///
    /// - Returns: a divisor of ``rowLength``.
    public func matrixColumns(name: String) -> Int? {
        guard dimensions.count >= 2 else { return nil }
        guard dimensions.count == 3, dimensions[1] >= Self.leastMatrixSide, dimensions[2] >= Self.leastMatrixSide,
            !name.lowercased().split(separator: ".").contains(where: { $0.contains("conv") })
        else { return rowLength }
        return dimensions[2]
    }
}
