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
    /// PiSSA, OLoRA and CorDA take their factors out of the base; layer replication makes another model.
    let changesBase: Bool
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
        case initialisation = "init_lora_weights"
        case layerReplication = "layer_replication"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        peftType = try container.decode(String.self, forKey: .peftType)
        rank = try container.decodeIfPresent(Int.self, forKey: .rank) ?? 8
        alpha = try container.decodeIfPresent(Double.self, forKey: .alpha) ?? 8
        usesRankStabilisation = try container.decodeIfPresent(Bool.self, forKey: .usesRankStabilisation) ?? false
        isTransposed = try container.decodeIfPresent(Bool.self, forKey: .isTransposed) ?? false
        usesMagnitudes = try container.decodeIfPresent(Bool.self, forKey: .usesMagnitudes) ?? false
        // True or false, or the name of a way.
        let isFlag = (try? container.decodeIfPresent(Bool.self, forKey: .initialisation)) != nil
        let initialisation =
            isFlag ? "" : try container.decodeIfPresent(String.self, forKey: .initialisation)?.lowercased() ?? ""
        let isReplicated = try container.contains(.layerReplication) && !container.decodeNil(forKey: .layerReplication)
        changesBase = isReplicated || ["pissa", "olora", "corda"].contains { initialisation.hasPrefix($0) }
        // A module with null has no number of its own.
        let ranks = try container.decodeIfPresent([String: Int?].self, forKey: .rankPattern) ?? [:]
        let alphas = try container.decodeIfPresent([String: Double?].self, forKey: .alphaPattern) ?? [:]
        rankPattern = ranks.compactMapValues { $0 }
        alphaPattern = alphas.compactMapValues { $0 }
    }

    /// - Throws: `.unsupportedAdapter` if it cannot be read, or is of a kind that cannot be merged exactly.
    init(json: [UInt8]) throws(DeltaicError) {
        do {
            self = try JSONDecoder().decode(AdapterConfig.self, from: Data(json))
        } catch {
            throw Self.unreadable(error)
        }
        guard !changesBase else {
            throw DeltaicError(
                .unsupportedAdapter, "the adapter's initialisation changed the base, so it does not fit the stored one",
                at: [Self.fileName], found: "init_lora_weights or layer_replication",
                advice: "pull the adapter as it is and merge it with PEFT")
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
    ///
    /// - Parameter rank: of the factors as they are stored.
    /// - Throws: `.unsupportedAdapter` if patterns of the configuration leave it open.
    func scaling(ofModule module: String, rank: Int) throws(DeltaicError) -> Float {
        let keys = alphaPattern.keys.filter { module == $0 || module.hasSuffix("." + $0) }
        guard keys.count <= 1, alphaPattern.keys.allSatisfy(Self.isPlain), rankPattern.keys.allSatisfy(Self.isPlain)
        else {
            throw DeltaicError(
                .unsupportedAdapter, "the adapter's patterns of alphas or ranks are more than names", at: [module],
                expected: "plain module names, one at most for each layer",
                found: keys.sorted().joined(separator: ", "),
                advice: "pull the adapter as it is and merge it with PEFT")
        }
        let alpha = keys.first.flatMap { alphaPattern[$0] } ?? self.alpha
        let scaling = Float(usesRankStabilisation ? alpha / Double(rank).squareRoot() : alpha / Double(rank))
        guard rank > 0, scaling.isFinite else {
            throw DeltaicError(
                .unsupportedAdapter, "the adapter's rank and alpha give no scale", at: [module],
                found: "alpha \(alpha), rank \(rank)")
        }
        return scaling
    }

    /// Tells what the decoder found in the words of this program, with the key.
    private static func unreadable(_ error: any Error) -> DeltaicError {
        func described(
            _ context: DecodingError.Context, expected: Any.Type? = nil, missing: String? = nil
        ) -> DeltaicError {
            let key = context.codingPath.map(\.stringValue) + (missing.map { [$0] } ?? [])
            let message =
                if key.isEmpty {
                    "the adapter's configuration is no JSON object"
                } else if missing != nil {
                    "the adapter's configuration lacks a key"
                } else {
                    "the adapter's configuration has a value that cannot be read"
                }
            return DeltaicError(
                .unsupportedAdapter, message, at: [fileName] + (key.isEmpty ? [] : [key.joined(separator: ".")]),
                expected: key.isEmpty ? nil : expected.map(words))
        }
        return switch error as? DecodingError {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            described(context, expected: type)
        case .keyNotFound(let key, let context): described(context, missing: key.stringValue)
        case .dataCorrupted(let context): described(context)
        default: DeltaicError(.unsupportedAdapter, "the adapter's configuration cannot be read", at: [fileName])
        }
    }

    /// What a type is called in JSON.
    private static func words(_ type: Any.Type) -> String {
        switch type {
        case is Bool.Type: "true or false"
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        case is String.Type: "a string"
        default: "an object"
        }
    }

    /// PEFT reads keys as regular expressions; a plain name means the same either way.
    private static func isPlain(_ key: String) -> Bool {
        key.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == "-" }
    }
}
