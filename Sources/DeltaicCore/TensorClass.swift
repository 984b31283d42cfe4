/// What a tensor is for in a model: recipes choose codecs by it.
public enum TensorClass: String, Sendable, Codable, CaseIterable {
    /// A weight matrix (or a convolution's kernel) that inputs are multiplied with.
    case linear
    /// A table that rows are looked up in: words, positions, token types.
    case embedding
    /// The layer that makes the model's output: scores of words or classes.
    case head
    /// The scale or shift of a normalisation.
    case norm
    /// Any other vector.
    case bias
    /// What is no floating-point tensor of rank 1 or more.
    case other

    /// Judges a tensor by its name, as model files of the Hugging Face hub have it, and by its shape.
    public init(name: String, type: ElementType, shape: TensorShape) {
        let parts = name.lowercased().split(separator: ".")
        let isMatrix = shape.dimensions.count >= 2
        guard type.mantissaBits != nil, !shape.dimensions.isEmpty else {
            self = .other
            return
        }
        // The last part says which parameter it is, those before which module.
        let modules = parts.dropLast()
        func module(_ test: (Substring) -> Bool) -> Bool { modules.contains(where: test) }
        if module(Self.isNorm) || Self.isNorm(parts.last ?? "") {
            self = .norm
        } else if module(Self.isHead) || Self.isOutput(modules) {
            self = isMatrix ? .head : .bias
        } else if module(Self.isEmbedding) || (isMatrix && Self.isEmbedding(parts.last ?? "")) {
            // A table has rows to look up; the kernel that cuts images into patches has not.
            self = shape.dimensions.count > 3 ? .linear : isMatrix ? .embedding : .bias
        } else {
            self = isMatrix ? .linear : .bias
        }
    }

    private static func isNorm(_ part: Substring) -> Bool {
        has("norm", part) || part == "ln_f" || part == "ln" || (part.hasPrefix("ln_") && part.count <= 7)
            || part.hasPrefix("bn")
    }

    private static func isEmbedding(_ part: Substring) -> Bool {
        part.hasSuffix("embeddings") || part.hasSuffix("embedding") || part.hasPrefix("embed_") || part == "wte"
            || part == "wpe" || part == "shared" || part == "embed" || part.hasSuffix("pos_embed")
            || part.hasSuffix("_token") || has("relative_attention_bias", part) || has("position_bias", part)
    }

    /// Whether a text is in a part, byte by byte: Unicode's search costs more than all else that is asked of a name.
    private static func has(_ text: String, _ part: Substring) -> Bool {
        let (text, part) = (text.utf8, part.utf8)
        guard let first = text.first else { return true }
        var rest = part[...]
        while rest.count >= text.count {
            if rest.first == first, rest.starts(with: text) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    private static func isHead(_ part: Substring) -> Bool {
        part.hasSuffix("_head") || part == "head" || part.hasPrefix("classif") || part == "score" || part == "pooler"
            || part == "cls" || part == "predictions" || part == "output_projection" || part == "embed_out"
            || part == "output_layer"
    }

    /// The last layer of models that call it `output`, as the layers within blocks are called that have a number before them.
    private static func isOutput(_ modules: ArraySlice<Substring>) -> Bool {
        modules.last == "output" && !modules.contains { $0.allSatisfy(\.isNumber) }
    }
}
