internal import DeltaicCore

/// Pictures of where in a model something is: one for each stack of layers and each figure.
struct LayerPictures {
    let subject: String
    let tensors: [LayerTensor]
    let metrics: [LayerMetric]

    /// With the picture, the same figures by layer.
    func figures() -> Markup {
        let stacks = LayerGrid.grids(of: tensors).stacks
        let figures = metrics.flatMap { metric in
            stacks.compactMap { stack -> Markup? in
                guard let map = map(of: stack, metric) else { return nil }
                return Parts.figure(
                    "\(metric.title)\(stacks.count > 1 ? " - \(stack.name)" : "")", label: map.label,
                    map.picture().inPage, table: table(map))
            }
        }
        return "<div class=\"pictures\">\(figures)</div>"
    }

    func pictures() -> [Picture] {
        let stacks = LayerGrid.grids(of: tensors).stacks
        return metrics.flatMap { metric in stacks.compactMap { map(of: $0, metric)?.picture() } }
    }

    /// The tensors that are in no layer, with the same figures; nil if there are none.
    func others() -> Markup? {
        let others = LayerGrid.grids(of: tensors).others
        guard !others.isEmpty else { return nil }
        var table = DataTable(
            "Tensors outside of layers", [.text("Tensor")] + metrics.map { .number(Self.head(of: $0)) })
        for tensor in others.prefix(Self.otherLimit) {
            table.add(
                ["<span class=\"mono\">\(tensor.name)</span>"]
                    + metrics.map { metric in
                        metric.value(of: [tensor]).map { "\(metric.text($0))" } ?? "-" as Markup
                    })
        }
        let more: Markup =
            others.count > Self.otherLimit
            ? "<p class=\"dim\">The first \(Self.otherLimit) of \(NumberFormat.count(others.count)).</p>" : .none
        return "\(table.markup)\(more)"
    }

    private static let otherLimit = 500

    private static func head(of metric: LayerMetric) -> String {
        switch metric {
        case .change: "Change"
        case .stored: "Stored"
        case .density: "Bits a weight"
        case .error: "Error"
        }
    }

    /// Nil if nothing in the stack has the figure.
    private func map(of stack: LayerGrid, _ metric: LayerMetric) -> HeatMap? {
        let cells = zip(stack.layers, stack.cells).map { layer, line in
            zip(stack.projections, line).map { projection, cell -> HeatMap.Cell? in
                guard let cell else { return nil }
                guard let value = metric.value(of: cell.tensors) else {
                    guard metric == .change else { return nil }
                    return HeatMap.Cell(
                        value: .nan, text: "-",
                        title: "layer \(layer), \(projection): not in both, of other dtypes or shapes, or not finite")
                }
                let text = metric.text(value)
                return HeatMap.Cell(
                    value: value, text: text,
                    title:
                        "layer \(layer), \(projection): \(text) (\(NumberFormat.count(cell.tensors.count, "tensor")), "
                        + "\(ByteFormat.text(cell.tensors.reduce(0) { $0 + $1.rawBytes })))")
            }
        }
        guard cells.joined().contains(where: { $0?.value.isFinite == true }) else { return nil }
        return HeatMap(
            label: "\(metric.title), \(stack.name) of \(subject): layers down, projections across",
            caption: "\(metric.title) (\(stack.name))",
            columns: stack.projections, rows: stack.layers.map(String.init), cells: cells)
    }

    private func table(_ map: HeatMap) -> Markup {
        var table = DataTable(map.label + ", in figures", [.text("Layer")] + map.columns.map { .number($0) })
        for (row, line) in zip(map.rows, map.cells) {
            table.add(["\(row)"] + line.map { cell in cell.map { "\($0.text)" } ?? "" as Markup })
        }
        return table.markup
    }
}
