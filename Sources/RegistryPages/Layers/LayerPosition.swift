/// Where in a model a tensor is, as its name says: `encoder.layer.3.attention.self.key.weight` is in layer 3 of `encoder.layer`.
struct LayerPosition: Equatable {
    let stack: String
    let layer: Int
    /// Without the last part, `weight` or `bias`; of numbers, as experts have them, a star.
    let projection: String

    /// Nil if no part of the name is a number.
    init?(_ name: String) {
        let parts = name.split(separator: ".").map(String.init)
        guard let position = parts.firstIndex(where: { Self.number($0) != nil }), position > 0,
            let layer = Self.number(parts[position])
        else { return nil }
        var rest = parts[(position + 1)...].map { Self.number($0) == nil ? $0 : "*" }
        if rest.count > 1, ["weight", "bias"].contains(rest.last) { rest.removeLast() }
        stack = parts[..<position].joined(separator: ".")
        self.layer = layer
        projection = rest.isEmpty ? "weight" : rest.joined(separator: ".")
    }

    private static func number(_ part: String) -> Int? {
        part.utf8.count <= 6 && part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
    }
}
