internal import CLAPACK
internal import DeltaicCore

/// The routines of BLAS and LAPACK that encoders use; the only file that calls C.
///
/// LAPACK counts in columns: it sees a row-major matrix as its transpose. So every routine here is called for the transpose,
/// which saves the copies that LAPACKE's row-major mode makes. Statuses become errors; nothing traps.
enum LAPACK {
    /// The libraries are loaded when a routine is first called.
    private static let loaded: Result<lapack_routines, DeltaicError> = {
        var routines = lapack_routines()
        guard let problem = lapack_load(&routines) else { return .success(routines) }
        return .failure(
            DeltaicError(
                .unsupported, "LAPACK, which this codec needs, cannot be used: \(String(cString: problem))",
                advice: "install OpenBLAS and LAPACKE (Debian: libopenblas0, liblapacke), or choose another codec"))
    }()

    private static var routines: lapack_routines {
        get throws(DeltaicError) { try loaded.get() }
    }

    /// A side as LAPACK counts.
    private static func int(_ count: Int) throws(DeltaicError) -> Int32 {
        guard let value = Int32(exactly: count) else {
            throw DeltaicError(
                .unsupported, "a matrix is too long for LAPACK", expected: "at most \(Int32.max) rows and columns",
                found: "\(count)", advice: "store this tensor with another codec")
        }
        return value
    }

    /// Refuses a square part whose work space LAPACK could not count.
    private static func requireWorkspace(_ side: Int, limit: Int) throws(DeltaicError) {
        guard side <= limit else {
            throw DeltaicError(
                .unsupported, "a matrix is too large to decompose in full",
                expected: "at most \(limit) in the shorter side",
                found: "\(side)", advice: "use a lower rank (under a fifth of the shorter side), or another codec")
        }
    }

    private static func letter(_ character: UInt8) -> CChar { CChar(bitPattern: character) }

    /// Negative statuses: arguments that we got wrong, or no memory.
    private static func require(_ status: Int32, _ routine: String) throws(DeltaicError) {
        guard status < 0 else { return }
        if status == LAPACK_WORK_MEMORY_ERROR || status == LAPACK_TRANSPOSE_MEMORY_ERROR {
            throw DeltaicError(.outOfMemory, "no memory for the work space of \(routine)")
        }
        throw DeltaicError(
            .unsupported, "LAPACK's \(routine) refused argument \(-status)",
            advice: "this is a fault of this program; please report it")
    }

    /// Calls a routine twice: with a size of -1, to ask for the words of its work space, and with those.
    ///
    /// LAPACKE's own wrappers do the same, but take the answer, an FP32 number, as it is; over 2^24 it may be rounded down, and the
    /// routine then refuses its own answer (ssyevd from about 2,900 rows).
    private static func withWorkspace(
        _ routine: String, _ call: (_ work: UnsafeMutablePointer<Float>, _ size: Int32) throws(DeltaicError) -> Int32
    ) throws(DeltaicError) {
        var answer: Float = 0
        try require(try call(&answer, -1), routine)
        let size = workspaceSize(answer)
        guard let count = Int32(exactly: size) else {
            throw DeltaicError(.unsupported, "the work space of \(routine) is too large", found: "\(size) words")
        }
        var work = [Float](repeating: 0, count: size)
        try require(try call(&work, count), routine)
    }

    /// The words that an answer may stand for at most.
    static func workspaceSize(_ answer: Float) -> Int {
        guard answer >= 1, answer < 0x1p40 else { return 1 }
        return Int(answer < 0x1p24 ? answer.rounded(.up) : answer.nextUp)
    }

    // MARK: - Products

    /// Left times right.
    static func product(
        _ left: Matrix, _ right: Matrix, transposingLeft: Bool, transposingRight: Bool
    ) throws(DeltaicError) -> Matrix {
        let (rows, inner) = transposingLeft ? (left.columns, left.rows) : (left.rows, left.columns)
        let (otherInner, columns) = transposingRight ? (right.columns, right.rows) : (right.rows, right.columns)
        precondition(inner == otherInner)
        var result = Matrix(rows: rows, columns: columns)
        guard !result.isEmpty, inner > 0 else { return result }
        let routines = try Self.routines
        routines.sgemm(
            CblasRowMajor, transposingLeft ? CblasTrans : CblasNoTrans, transposingRight ? CblasTrans : CblasNoTrans,
            try int(rows), try int(columns), try int(inner), 1, left.values, try int(left.columns), right.values,
            try int(right.columns), 0, &result.values, try int(columns))
        return result
    }

    /// Takes `errors * factor[rows, columns]` from the given columns of `target`.
    ///
    /// - Parameters:
    ///   - errors: as many rows as `target`, a column for each of `rows`.
    ///   - rows: rows of `factor`.
    ///   - columns: columns of both `factor` and `target`.
    static func subtract(
        _ errors: Matrix, times factor: Matrix, rows: Range<Int>, columns: Range<Int>, from target: inout Matrix
    ) throws(DeltaicError) {
        precondition(errors.rows == target.rows && errors.columns == rows.count && factor.columns == target.columns)
        precondition(rows.upperBound <= factor.rows && columns.upperBound <= target.columns)
        guard !errors.isEmpty, !columns.isEmpty else { return }
        let (height, width, inner) = (try int(errors.rows), try int(columns.count), try int(errors.columns))
        let routines = try Self.routines
        let step = try int(target.columns)
        let offset = rows.lowerBound * factor.columns + columns.lowerBound
        factor.values.withUnsafeBufferPointer { factor in
            target.values.withUnsafeMutableBufferPointer { target in
                guard let factor = factor.baseAddress, let target = target.baseAddress else { return }
                routines.sgemm(
                    CblasRowMajor, CblasNoTrans, CblasNoTrans, height, width, inner, -1, errors.values, inner,
                    factor + offset, step, 1, target + columns.lowerBound, step)
            }
        }
    }

    // MARK: - Singular values

    /// Singular values in descending order, with or without singular vectors.
    ///
    /// Divide and conquer (sgesdd), and the QR iteration (sgesvd) where that does not converge.
    ///
    /// - Returns: with k = min(rows, columns): left vectors (rows x k), k values, right vectors (k x columns); no vectors if
    ///   they are not wanted.
    static func singularValues(
        _ matrix: Matrix, withVectors: Bool
    ) throws(DeltaicError) -> (left: Matrix, values: [Float], right: Matrix) {
        // The transpose of (U S V) is (V^T S U^T): LAPACK's right vectors are our left ones.
        let rank = min(matrix.rows, matrix.columns)
        let kept = withVectors ? rank : 0
        var left = Matrix(rows: withVectors ? matrix.rows : 0, columns: kept)
        var right = Matrix(rows: kept, columns: withVectors ? matrix.columns : 0)
        var values = [Float](repeating: 0, count: rank)
        guard rank > 0 else { return (left, values, right) }
        // sgesdd needs 4 k^2 + 7 k words and more with vectors.
        if withVectors { try requireWorkspace(rank, limit: 20_000) }
        let routines = try Self.routines
        let (height, width) = (try int(matrix.columns), try int(matrix.rows))
        let (leftStep, rightStep) = (withVectors ? height : 1, withVectors ? try int(rank) : 1)
        let job = letter(withVectors ? UInt8(ascii: "S") : UInt8(ascii: "N"))
        var scratch = matrix.values
        var integers = [Int32](repeating: 0, count: 8 * rank)
        var status: Int32 = 0
        try withWorkspace("sgesdd") { (work, size) in
            status = routines.sgesdd_work(
                LAPACK_COL_MAJOR, job, height, width, &scratch, height, &values, &right.values, leftStep, &left.values,
                rightStep, work, size, &integers)
            return status
        }
        if status > 0 {
            scratch = matrix.values
            var rest = [Float](repeating: 0, count: rank)
            status = routines.sgesvd(
                LAPACK_COL_MAJOR, job, job, height, width, &scratch, height, &values, &right.values, leftStep,
                &left.values, rightStep, &rest)
            try require(status, "sgesvd")
        }
        guard status == 0 else {
            throw DeltaicError(
                .noConvergence, "the singular values of a matrix do not converge",
                at: ["\(matrix.rows) x \(matrix.columns) matrix"], advice: "store this tensor with another codec")
        }
        return (left, values, right)
    }

    /// Makes the columns of a matrix orthonormal (Householder; LAPACK's sgelqf and sorglq on the transpose).
    ///
    /// - Parameter matrix: at least as many rows as columns. Columns that depend on others are replaced by some that do not.
    static func orthonormalised(_ matrix: Matrix) throws(DeltaicError) -> Matrix {
        precondition(matrix.rows >= matrix.columns)
        var result = matrix
        guard !matrix.isEmpty else { return result }
        let (height, width) = (try int(matrix.columns), try int(matrix.rows))
        let routines = try Self.routines
        var scales = [Float](repeating: 0, count: matrix.columns)
        try require(
            routines.sgelqf(LAPACK_COL_MAJOR, height, width, &result.values, height, &scales), "sgelqf")
        try require(
            routines.sorglq(LAPACK_COL_MAJOR, height, width, height, &result.values, height, scales), "sorglq")
        return result
    }

    // MARK: - Symmetric matrices

    /// The lower factor L of L L^T, from the lower triangle of a square matrix.
    ///
    /// - Returns: L with zeros above its diagonal; nil if the matrix is not positive definite.
    static func cholesky(_ matrix: Matrix) throws(DeltaicError) -> Matrix? {
        precondition(matrix.rows == matrix.columns)
        var lower = matrix
        let side = try int(matrix.rows)
        guard side > 0 else { return lower }
        let routines = try Self.routines
        let status = routines.spotrf(LAPACK_COL_MAJOR, letter(UInt8(ascii: "U")), side, &lower.values, side)
        try require(status, "spotrf")
        guard status == 0 else { return nil }
        for row in 0..<matrix.rows {
            for index in row * matrix.rows + row + 1..<(row + 1) * matrix.rows { lower.values[index] = 0 }
        }
        return lower
    }

    /// The inverse of a lower triangular matrix whose diagonal has no zero; lower triangular too.
    static func inverse(lower: Matrix) throws(DeltaicError) -> Matrix {
        precondition(lower.rows == lower.columns)
        var inverse = lower
        let side = try int(lower.rows)
        guard side > 0 else { return inverse }
        let routines = try Self.routines
        let status = routines.strtri(
            LAPACK_COL_MAJOR, letter(UInt8(ascii: "U")), letter(UInt8(ascii: "N")), side, &inverse.values, side)
        try require(status, "strtri")
        guard status == 0 else {
            throw DeltaicError(.notPositiveDefinite, "a triangular matrix has a zero on its diagonal")
        }
        return inverse
    }

    /// The inverse of L L^T (spotri).
    ///
    /// - Parameter lower: what ``cholesky(_:)`` returned.
    /// - Returns: all of the symmetric inverse.
    static func inverse(cholesky lower: Matrix) throws(DeltaicError) -> Matrix {
        precondition(lower.rows == lower.columns)
        var inverse = lower
        let count = lower.rows
        let side = try int(count)
        guard side > 0 else { return inverse }
        let routines = try Self.routines
        let status = routines.spotri(LAPACK_COL_MAJOR, letter(UInt8(ascii: "U")), side, &inverse.values, side)
        try require(status, "spotri")
        guard status == 0 else {
            throw DeltaicError(.notPositiveDefinite, "a triangular matrix has a zero on its diagonal")
        }
        for row in 0..<count {
            for column in 0..<row { inverse.values[column * count + row] = inverse.values[row * count + column] }
        }
        return inverse
    }

    /// Eigenvalues in ascending order and eigenvectors of a symmetric matrix (ssyevd), from its lower triangle.
    ///
    /// - Returns: the values, and a matrix whose row i is the eigenvector of value i.
    static func eigen(_ matrix: Matrix) throws(DeltaicError) -> (values: [Float], vectors: Matrix) {
        precondition(matrix.rows == matrix.columns)
        var vectors = matrix
        var values = [Float](repeating: 0, count: matrix.rows)
        guard !matrix.isEmpty else { return (values, vectors) }
        // ssyevd needs 2 n^2 + 6 n + 1 words.
        try requireWorkspace(matrix.rows, limit: 30_000)
        let side = try int(matrix.rows)
        let routines = try Self.routines
        var integers = [Int32](repeating: 0, count: 5 * matrix.rows + 3)
        let integerCount = try int(integers.count)
        var status: Int32 = 0
        try withWorkspace("ssyevd") { (work, size) in
            status = routines.ssyevd_work(
                LAPACK_COL_MAJOR, letter(UInt8(ascii: "V")), letter(UInt8(ascii: "U")), side, &vectors.values, side,
                &values, work, size, &integers, integerCount)
            return status
        }
        guard status == 0 else {
            throw DeltaicError(
                .noConvergence, "the eigenvalues of a matrix do not converge",
                at: ["\(matrix.rows) x \(matrix.rows) matrix"],
                advice: "use more calibration text, or a codec without it")
        }
        return (values, vectors)
    }

    // MARK: - Threads

    /// The threads that each later call may use; of the whole process.
    ///
    /// Nothing happens where LAPACK is not there: every routine says so.
    static func setThreads(_ count: Int32) { try? routines.set_num_threads(count) }

    static var threads: Int32 { (try? routines.get_num_threads()) ?? 1 }
}
