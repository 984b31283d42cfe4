internal import DeltaicCore

/// The tensors of a stack of layers, by layer and by what they are for in it.
struct LayerGrid {
    /// What a layer has of one projection: its weight and bias, or the same of all experts.
    struct Cell {
        var tensors: [LayerTensor] = []
    }

    /// What the names of the layers have in common: `encoder.layer`.
    let name: String
    let layers: [Int]
    let projections: [String]
    /// By layer, then by projection.
    let cells: [[Cell?]]

    /// The stacks of a model, the largest first, and the tensors that are in none.
    static func grids(of tensors: [LayerTensor]) -> (stacks: [LayerGrid], others: [LayerTensor]) {
        var stacks: [String: [Place: Cell]] = [:]
        var order: [String: [String]] = [:]
        var others: [LayerTensor] = []
        for tensor in tensors {
            guard let position = LayerPosition(tensor.name) else {
                others.append(tensor)
                continue
            }
            let place = Place(layer: position.layer, projection: position.projection)
            stacks[position.stack, default: [:]][place, default: Cell()].tensors.append(tensor)
            if order[position.stack, default: []].contains(position.projection) == false {
                order[position.stack, default: []].append(position.projection)
            }
        }
        let grids = stacks.map { name, cells in
            let layers = Set(cells.keys.map(\.layer)).sorted()
            let projections = order[name] ?? []
            return LayerGrid(
                name: name, layers: layers, projections: projections,
                cells: layers.map { layer in
                    projections.map { cells[Place(layer: layer, projection: $0)] }
                })
        }
        return (
            grids.sorted { ($0.tensorCount, $1.name) > ($1.tensorCount, $0.name) }, others
        )
    }

    private var tensorCount: Int { cells.joined().reduce(0) { $0 + ($1?.tensors.count ?? 0) } }

    private struct Place: Hashable {
        let layer: Int
        let projection: String
    }
}

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
