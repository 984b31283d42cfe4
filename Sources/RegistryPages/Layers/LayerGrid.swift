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

    /// Cells of all stacks together; models have some hundreds.
    ///
    /// A stack that would need more is none: its tensors are in no layer.
    private static let cellLimit = 12_000

    /// The stacks of a model, the largest first, and the tensors that are in none.
    static func grids(of tensors: [LayerTensor]) -> (stacks: [LayerGrid], others: [LayerTensor]) {
        var stacks: [String: Stack] = [:]
        var others: [LayerTensor] = []
        for tensor in tensors {
            if let position = LayerPosition(tensor.name) {
                stacks[position.stack, default: Stack()].add(tensor, at: position)
            } else {
                others.append(tensor)
            }
        }
        var grids: [LayerGrid] = []
        var left = cellLimit
        for (name, stack) in stacks.sorted(by: { ($0.value.tensors.count, $1.key) > ($1.value.tensors.count, $0.key) })
        {
            guard stack.cellCount <= left else {
                others += stack.tensors
                continue
            }
            left -= stack.cellCount
            grids.append(stack.grid(name))
        }
        return (grids, others)
    }

    /// The tensors of one stack, as they are found.
    private struct Stack {
        private var cells: [Place: Cell] = [:]
        private var projections: [String: Int] = [:]
        private var layers: Set<Int> = []
        private(set) var tensors: [LayerTensor] = []

        var cellCount: Int { layers.count * projections.count }

        mutating func add(_ tensor: LayerTensor, at position: LayerPosition) {
            if projections[position.projection] == nil { projections[position.projection] = projections.count }
            layers.insert(position.layer)
            cells[Place(layer: position.layer, projection: position.projection), default: Cell()].tensors.append(tensor)
            tensors.append(tensor)
        }

        func grid(_ name: String) -> LayerGrid {
            let layers = layers.sorted()
            let projections = projections.sorted { $0.value < $1.value }.map(\.key)
            return LayerGrid(
                name: name, layers: layers, projections: projections,
                cells: layers.map { layer in projections.map { cells[Place(layer: layer, projection: $0)] } })
        }
    }

    private struct Place: Hashable {
        let layer: Int
        let projection: String
    }
}
