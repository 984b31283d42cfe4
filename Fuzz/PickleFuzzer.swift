@testable internal import TensorFiles

/// Recognises pickles: the first byte chooses the name of the file.
enum PickleFuzzer {
    private static let paths = ["model.bin", "model.PT", "weights", "a.safetensors.pkl", "tokenizer.model", ""]

    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let path = paths[input.byte() % paths.count]
        let head = Array(input.rest.prefix(PickleDetection.headLength))
        let kind = PickleDetection.kind(path: path, head: head, last: input.rest.last)
        let isPickle = head.count >= 2 && head[0] == 0x80 && (2...5).contains(head[1])
        guard isPickle, input.rest.last == UInt8(ascii: ".") else { return }
        try FuzzParser.require(kind != nil, "a whole pickle was not recognised")
    }
}
