import DeltaicCore
import Foundation
import Registry
import Testing

@testable import RegistryPages

@Suite("Layers")
struct LayerTests {
    @Test(
        "the name of a tensor says where it is",
        arguments: [
            ("encoder.layer.3.attention.self.key.weight", "encoder.layer", 3, "attention.self.key"),
            ("encoder.layer.11.output.LayerNorm.bias", "encoder.layer", 11, "output.LayerNorm"),
            ("model.layers.0.block_sparse_moe.experts.7.w1.weight", "model.layers", 0, "block_sparse_moe.experts.*.w1"),
            ("transformer.h.12.attn.c_attn.weight", "transformer.h", 12, "attn.c_attn"),
            ("layer.2.weight", "layer", 2, "weight"), ("layer.2", "layer", 2, "weight"),
            ("visual.blocks.4.norm1.gamma", "visual.blocks", 4, "norm1.gamma"),
        ])
    func position(name: String, stack: String, layer: Int, projection: String) throws {
        let found = try #require(LayerPosition(name))
        #expect(found.stack == stack && found.layer == layer && found.projection == projection)
    }

    @Test(
        "a tensor of no layer has no position",
        arguments: ["embeddings.weight", "0.weight", "a.b1.weight", "", "x.99999999.y"])
    func noPosition(name: String) {
        #expect(LayerPosition(name) == nil)
    }

    @Test("a cell has no figure unless it is true of all that is in it; what did not change counts with its size")
    func mixed() throws {
        let changed = try tensor("l.0.a.bias", changed: 9)
        let same = try tensor("l.0.a.weight", changed: 0, of: 99, kind: "same")
        let unknown = try tensor("l.0.a.weight", changed: nil, kind: "incomparable")
        let notFinite = try tensor("l.0.a.weight", changed: nil, kind: "changed")
        #expect(LayerMetric.change.value(of: [changed, same]) == 0.3)
        #expect(LayerMetric.change.value(of: [same]) == 0)
        for tensors in [[changed, unknown], [same, unknown], [unknown], [same, notFinite], [notFinite]] {
            #expect(LayerMetric.change.value(of: tensors) == nil)
        }
        let picture = LayerPictures(
            subject: "x", tensors: [changed, unknown, try tensor("l.1.a.weight", changed: 1)], metrics: [.change])
        let text = try #require(picture.pictures().first).document
        #expect(
            text.contains("of other dtypes or shapes") && text.components(separatedBy: "<g class=\"heat").count == 3)
    }

    @Test("a model whose names make a huge field of cells is not drawn as one, and its tensors are not lost")
    func manyCells() throws {
        let tensors = try (0..<2500).map { try tensor("l.\($0).p\($0)x.weight", changed: 1) }
        let (stacks, others) = LayerGrid.grids(of: tensors + [try tensor("m.0.a.weight", changed: 1)])
        #expect(stacks.map(\.name) == ["m"] && others.count == 2500)
        let pictures = LayerPictures(subject: "x", tensors: tensors, metrics: [.change, .stored])
        #expect(pictures.pictures().isEmpty && (pictures.others()?.text.utf8.count ?? 0) < 200_000)
        #expect(pictures.others()?.text.contains("The first 500 of 2,500") == true)
    }

    private func tensor(
        _ name: String, changed: Double?, of value: Double = 1, stored: Int = 100, kind: String? = nil
    ) throws -> LayerTensor {
        let text = """
            {"name": "\(name)", "kind": "\(kind ?? (changed == nil ? "same" : "changed"))", "type": "F32", "shape": [10], "bytes": 40,
            "changed": 1, "compared": 10, "storedBytes": \(stored)\(changed.map { ", \"squaredChange\": \($0), \"squaredValue\": \(value)" } ?? "")}
            """
        return LayerTensor(try JSONDecoder().decode(VersionComparison.Tensor.self, from: Data(text.utf8)))
    }

    @Test("cells sum what they hold, and figures of several tensors follow from sums of squares")
    func grid() throws {
        let tensors = [
            try tensor("l.1.a.weight", changed: 9), try tensor("l.1.a.bias", changed: 7, of: 3, stored: 20),
            try tensor("l.0.b.weight", changed: nil), try tensor("embeddings.weight", changed: 4),
        ]
        let (stacks, others) = LayerGrid.grids(of: tensors)
        #expect(others.map(\.name) == ["embeddings.weight"])
        let stack = try #require(stacks.first)
        #expect(stacks.count == 1 && stack.layers == [0, 1] && stack.projections == ["a", "b"])
        #expect(stack.cells[0][0] == nil && stack.cells[1][1] == nil)
        let cell = try #require(stack.cells[1][0]).tensors
        #expect(LayerMetric.change.value(of: cell) == 2)
        #expect(LayerMetric.stored.value(of: cell) == 120)
        #expect(LayerMetric.density.value(of: cell) == 48)
        #expect(LayerMetric.error.value(of: cell) == nil)
        #expect(LayerMetric.change.value(of: try #require(stack.cells[0][1]).tensors) == 0)
        #expect(LayerMetric.change.text(2) == "200 %" && LayerMetric.change.text(0.0123) == "1.2 %")
        #expect(LayerMetric.change.text(0.00312) == "0.31 %" && LayerMetric.change.text(4e-6) == "0.0004 %")
    }

    @Test("colours go from the least figure to the greatest; zero has none")
    func colours() {
        func cell(_ value: Double) -> HeatMap.Cell { .init(value: value, text: "\(value)", title: "") }
        let map = HeatMap(
            label: "", caption: "", columns: ["a", "b"], rows: ["0", "1"],
            cells: [[cell(0), cell(0.001)], [cell(1), nil]])
        let text = map.picture().inPage.text
        #expect(text.components(separatedBy: "<rect").count == 4)
        #expect(
            text.contains("class=\"heatnone\"") && text.contains("class=\"heat0\"") && text.contains("class=\"heat9\""))
        let same = HeatMap(label: "", caption: "", columns: ["a"], rows: ["0"], cells: [[cell(5)]])
        #expect(same.picture().inPage.text.contains("class=\"heat5\""))
    }
}
