internal import DeltaCodecs
internal import Foundation

/// The worked examples of `Schema/vectors/lossy`, which NumPy computed.
enum LossyVectors {
    /// A matrix and what is known of it.
    struct General: Decodable {
        let name: String
        let rows: Int
        let columns: Int
        let matrix: [Float]
        let singularValues: [Float]
        let traceNorm: Double
        let frobeniusNorm: Double
        let gram: [Float]
    }

    /// A positive definite matrix and what is known of it.
    struct Symmetric: Decodable {
        let name: String
        let rows: Int
        let matrix: [Float]
        let cholesky: [Float]
        let inverse: [Float]
        let upperFactorOfInverse: [Float]
        let eigenvalues: [Float]
    }

    struct LinearAlgebra: Decodable {
        let general: [General]
        let symmetric: [Symmetric]
    }

    /// A Hessian by its elements, or as s[i] s[j] decay^|i - j|.
    struct Hessian: Decodable {
        let values: [Float]?
        let scales: [Float]?
        let decay: Float?

        var matrix: Matrix {
            if let values {
                let side = Int(Double(values.count).squareRoot().rounded())
                return Matrix(rows: side, columns: side, values: values)
            }
            let scales = scales ?? []
            var result = Matrix(rows: scales.count, columns: scales.count)
            for row in scales.indices {
                for column in scales.indices {
                    let power = Float(pow(Double(decay ?? 0), Double(abs(row - column))))
                    result[row, column] = scales[row] * scales[column] * power
                }
            }
            return result
        }
    }

    struct Quantisation: Decodable {
        let name: String
        let rows: Int
        let columns: Int
        let bits: Int
        let group: Int?
        let symmetric: Bool?
        let ordered: Bool?
        let hessian: Hessian?
        let weights: [Float]
        let exponent: Int
        let codes: [UInt8]
        let scales: [UInt16]
        let zeros: [UInt8]?
        let masks: [UInt8]?

        var matrix: Matrix { Matrix(rows: rows, columns: columns, values: weights) }

        var grid: QuantizationGrid {
            symmetric == true ? .symmetric(bits: bits, groupSize: group) : .asymmetric(bits: bits, groupSize: group)
        }
    }

    static func linearAlgebra() throws -> LinearAlgebra { try read("linear-algebra.json") }

    /// - Parameter kind: `plain`, `gptq` or `sparse`.
    static func quantisation(_ kind: String) throws -> [Quantisation] {
        let all: [String: [Quantisation]] = try read("quantisation.json")
        return all[kind] ?? []
    }

    private static func read<Value: Decodable>(_ name: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(try VectorFolder.read("lossy/" + name)))
    }
}
