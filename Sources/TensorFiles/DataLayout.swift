internal import DeltaicCore

/// How the tensors of a file lie beside each other.
enum DataLayout {
    /// Checks that tensors cover the data section exactly: no hole, no overlap, nothing after the last one.
    ///
    /// Tensors of no bytes may share an offset with each other and with the start of another tensor.
    static func check(_ entries: [SafetensorsHeader.Entry], data: Range<Int>) throws(DeltaicError) {
        let ordered = entries.sorted {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        var end = data.lowerBound
        var previous: String?
        for entry in ordered {
            let start = entry.bytes.lowerBound
            guard start == end else {
                let neighbour = previous.map { "tensor \(quoted($0))" } ?? "the header"
                let fault = start < end ? "the tensor overlaps \(neighbour)" : "there is a hole after \(neighbour)"
                throw DeltaicError(
                    .malformedSafetensors, fault, at: ["tensor \(quoted(entry.name))", "byte \(start)"],
                    expected: "a start at byte \(end)", found: "\(start)")
            }
            end = entry.bytes.upperBound
            previous = entry.name
        }
        guard end == data.upperBound else {
            throw DeltaicError(
                .malformedSafetensors, "bytes that belong to no tensor follow the last one", at: ["byte \(end)"],
                expected: "a file of \(end) bytes", found: "\(data.upperBound)")
        }
    }
}
