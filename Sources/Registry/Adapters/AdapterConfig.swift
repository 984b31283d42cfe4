internal import DeltaicCore
internal import Foundation

/// What a PEFT adapter's `adapter_config.json` says that merging needs.
struct AdapterConfig: Decodable, Sendable {
    static let fileName = "adapter_config.json"
    static let weightsName = "adapter_model.safetensors"

    let peftType: String
    let rank: Int
    let alpha: Double
    let usesRankStabilisation: Bool
    let isTransposed: Bool
    let usesMagnitudes: Bool
    /// Ranks and alphas of modules whose names end so.
    let rankPattern: [String: Int]
    let alphaPattern: [String: Double]

    private enum CodingKeys: String, CodingKey {
        case peftType = "peft_type"
        case rank = "r"
        case alpha = "lora_alpha"
        case usesRankStabilisation = "use_rslora"
        case isTransposed = "fan_in_fan_out"
        case usesMagnitudes = "use_dora"
        case rankPattern = "rank_pattern"
        case alphaPattern = "alpha_pattern"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        peftType = try container.decode(String.self, forKey: .peftType)
        rank = try container.decodeIfPresent(Int.self, forKey: .rank) ?? 8
        alpha = try container.decodeIfPresent(Double.self, forKey: .alpha) ?? 8
        usesRankStabilisation = try container.decodeIfPresent(Bool.self, forKey: .usesRankStabilisation) ?? false
        isTransposed = try container.decodeIfPresent(Bool.self, forKey: .isTransposed) ?? false
        usesMagnitudes = try container.decodeIfPresent(Bool.self, forKey: .usesMagnitudes) ?? false
        rankPattern = try container.decodeIfPresent([String: Int].self, forKey: .rankPattern) ?? [:]
        alphaPattern = try container.decodeIfPresent([String: Double].self, forKey: .alphaPattern) ?? [:]
    }

    /// - Throws: `.unsupportedAdapter` if it cannot be read, or is of a kind that cannot be merged exactly.
    init(json: [UInt8]) throws(DeltaicError) {
        do {
            self = try JSONDecoder().decode(AdapterConfig.self, from: Data(json))
        } catch {
            throw DeltaicError(
                .unsupportedAdapter, "the adapter's configuration cannot be read: \(error)", at: [Self.fileName])
        }
        guard peftType == "LORA", !usesMagnitudes else {
            throw DeltaicError(
                .unsupportedAdapter, "only plain LoRA adapters can be merged", at: [Self.fileName],
                expected: "peft_type LORA without use_dora",
                found: usesMagnitudes ? "use_dora" : peftType,
                advice: "pull the adapter as it is and merge it with PEFT")
        }
    }

    /// What B A is multiplied with: alpha / r, or alpha / sqrt(r) with rank stabilisation (Kalajdzievski, arXiv 2312.03732).
    func scaling(ofModule module: String) -> Float {
        func pattern<Value>(_ values: [String: Value]) -> Value? {
            values.first { module == $0.key || module.hasSuffix("." + $0.key) }?.value
        }
        let rank = Double(pattern(rankPattern) ?? self.rank)
        let alpha = pattern(alphaPattern) ?? self.alpha
        return Float(usesRankStabilisation ? alpha / rank.squareRoot() : alpha / rank)
    }
}
