internal import DeltaicCore
internal import Foundation

@testable internal import Registry

/// Reads a recipe, or the configuration of an adapter, by the first byte.
enum RecipeFuzzer {
    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let kind = input.byte()
        let json = Array(input.rest)
        if kind & 1 == 1 {
            guard let adapter = try FuzzParser.accepted({ try AdapterConfig(json: json) }) else { return }
            for module in ["q_proj", "model.layers.0.self_attn.q_proj"] {
                _ = try FuzzParser.accepted { try adapter.scaling(ofModule: module, rank: 8) }
            }
            return
        }
        let recipe = try FuzzFile.with(json) { path in try FuzzParser.accepted { try Recipe(path: path) } }
        guard let recipe else { return }
        for name in ["a", "model.layers.0.mlp.up_proj.weight", String(repeating: "ab", count: 50)] {
            for tensorClass in TensorClass.allCases {
                let treatment = try FuzzParser.accepted { try recipe.treatment(name: name, tensorClass: tensorClass) }
                try FuzzParser.require(treatment != nil, "a recipe that was accepted has no treatment")
            }
        }
        let text = try JSONEncoder().encode(recipe)
        try FuzzParser.require(
            try JSONDecoder().decode(Recipe.self, from: text) == recipe, "a recipe is not written as it was read")
    }
}
