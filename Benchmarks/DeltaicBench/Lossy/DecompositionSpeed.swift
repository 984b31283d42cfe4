import DeltaCodecs
import DeltaicCore
import Foundation

/// Singular values and vectors of one delta, beside NumPy on the same matrix.
struct DecompositionSpeed {
    let size: Int

    private static let script = """
        import sys, time
        try:
            import numpy
        except ImportError:
            open(sys.argv[3], "w").write("none")
            sys.exit(0)
        matrix = numpy.fromfile(sys.argv[1], dtype="<f4").reshape(int(sys.argv[2]), -1)
        start = time.perf_counter()
        numpy.linalg.svd(matrix, full_matrices=False)
        open(sys.argv[3], "w").write(str(time.perf_counter() - start))
        """

    func report() throws -> Report {
        let matrix = Matrix(
            rows: size, columns: size,
            values: try SyntheticDelta(rows: size, columns: size, seed: 1).tensor().wholeDelta())
        LinearAlgebraThreads.limit(to: 2)
        let numpy = try numpySeconds(matrix)
        func row(_ name: String, _ body: () throws -> Void) throws -> [Cell] {
            let seconds = try ContinuousClock().measure(body) / .seconds(1)
            return [Cell(name), .seconds(seconds), numpy.map { .ratio(seconds, $0) } ?? "not measured"]
        }
        var rows: [[Cell]] = [
            ["numpy.linalg.svd", numpy.map(Cell.seconds) ?? "not measured: no NumPy", .ratio(1, 1)]
        ]
        rows.append(try row("full") { _ = try SingularValues(full: matrix) })
        for rank in [16, 128] where rank * 5 < size {
            rows.append(try row("randomised, rank \(rank)") { _ = try SingularValues(of: matrix, rank: rank, seed: 1) })
        }
        return Report(
            title: "Singular value decomposition of one \(size) x \(size) delta",
            notes: [
                "two threads of linear algebra each; NumPy in a process of its own, its start and reading not counted"
            ],
            columns: ["what", "seconds", "time /NumPy"], rows: rows)
    }

    private func numpySeconds(_ matrix: Matrix) throws -> Double? {
        let scratch = try ScratchFolder(in: nil)
        try matrix.values.withUnsafeBytes { try Data($0).write(to: URL(filePath: scratch.path("matrix"))) }
        try Data(Self.script.utf8).write(to: URL(filePath: scratch.path("svd.py")))
        do {
            _ = try MeasuredProcess.run([
                "env", "OPENBLAS_NUM_THREADS=2", "OMP_NUM_THREADS=2", "MKL_NUM_THREADS=2", "python3",
                scratch.path("svd.py"), scratch.path("matrix"), "\(matrix.rows)", scratch.path("seconds"),
            ])
        } catch {
            return nil
        }
        return Double(try String(contentsOfFile: scratch.path("seconds"), encoding: .utf8))
    }
}
