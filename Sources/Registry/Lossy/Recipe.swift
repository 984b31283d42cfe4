internal import DeltaCodecs
public import DeltaicCore
internal import Foundation

/// Which codec and settings each tensor of a model gets: the first rule that fits it decides, and `exact` without one.
public struct Recipe: Sendable, Codable, Equatable {
    /// What a rule does with the tensors that it fits.
    public struct Rule: Sendable, Codable, Equatable {
        /// A pattern of the tensor's name, in which `*` stands for any text and `?` for any character; any name if not given.
        public var match: String?
        /// Any class if not given.
        public var classes: [TensorClass]?
        /// `exact`, `full`, `drop`, or a lossy codec.
        public var codec: String
        public var settings: CodecSettings

        public init(
            match: String? = nil, classes: [TensorClass]? = nil, codec: String, settings: CodecSettings = [:]
        ) {
            self.match = match
            self.classes = classes
            self.codec = codec
            self.settings = settings
        }

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case match, classes, codec, settings
        }

        public init(from decoder: any Decoder) throws {
            try RecipeKeys.check(decoder, known: CodingKeys.allCases.map(\.rawValue))
            let container = try decoder.container(keyedBy: CodingKeys.self)
            match = try container.decodeIfPresent(String.self, forKey: .match)
            classes = try container.decodeIfPresent([TensorClass].self, forKey: .classes)
            codec = try container.decode(String.self, forKey: .codec)
            settings = try container.decodeIfPresent(CodecSettings.self, forKey: .settings) ?? [:]
        }
    }

    public var rules: [Rule]

    /// Refuses keys that mean nothing.
    public init(from decoder: any Decoder) throws {
        try RecipeKeys.check(decoder, known: ["rules"])
        rules = try decoder.container(keyedBy: RecipeKeys.self).decode([Rule].self, forKey: RecipeKeys("rules"))
    }

    public init(rules: [Rule]) {
        self.rules = rules
    }

    /// The names of the lossy codecs.
    public static let lossyCodecs = MethodTable.methods.map { "\($0.id)" }.sorted()

    /// What becomes of classes of tensors that codecs are not made for.
    public enum Choice: String, Sendable, Codable, CaseIterable {
        /// A lossless delta.
        case exact
        /// The same codec as the linear layers.
        case lossy
        /// The base's values.
        case drop
        /// Stored in full, without the base.
        case full
    }

    /// The recipe that a codec has by default: linear layers lossy, norms and biases exact, embeddings and head by choice.
    ///
    /// - Throws: `.unknownCodec` listing what there is.
    public init(
        codec: String, settings: CodecSettings, embeddings: Choice, head: Choice
    ) throws(DeltaicError) {
        guard Self.lossyCodecs.contains(codec) else {
            throw DeltaicError(
                .unknownCodec, "there is no lossy codec \"\(codec)\"",
                expected: Self.lossyCodecs.joined(separator: ", "))
        }
        func rule(_ tensorClass: TensorClass, _ choice: Choice) -> Rule {
            switch choice {
            case .exact: Rule(classes: [tensorClass], codec: "exact")
            case .lossy: Rule(classes: [tensorClass], codec: codec, settings: settings)
            case .drop: Rule(classes: [tensorClass], codec: "drop")
            case .full: Rule(classes: [tensorClass], codec: "full")
            }
        }
        rules = [
            rule(.linear, .lossy), rule(.embedding, embeddings), rule(.head, head),
            Rule(classes: [.norm, .bias, .other], codec: "exact"),
        ]
    }

    /// Reads a recipe file: a JSON object with `rules`, an array of objects with `codec` and optionally `match`, `classes`, `settings`.
    ///
    /// - Throws: `.badRecipe` naming the file and what is wrong.
    public init(path: String) throws(DeltaicError) {
        let bytes = try ReadOnlyFile(path: path)
        guard bytes.size <= 1 << 20 else {
            throw DeltaicError(.badRecipe, "a recipe is not that long", at: [path], found: "\(bytes.size) bytes")
        }
        do {
            self = try JSONDecoder().decode(Recipe.self, from: Data(try bytes.read(0..<bytes.size)))
        } catch let error as DeltaicError {
            throw error
        } catch {
            throw DeltaicError(.badRecipe, "the recipe cannot be read: \(Self.explanation(error))", at: [path])
        }
        do {
            try check()
        } catch {
            throw error.inside(path)
        }
    }

    private static func explanation(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let context: DecodingError.Context =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: DecodingError.Context(codingPath: [], debugDescription: "\(error)")
            }
        let place = context.codingPath.map(\.stringValue).joined(separator: ".")
        return place.isEmpty ? context.debugDescription : "\(context.debugDescription) (at \(place))"
    }

    /// Makes sure that every codec is known and takes its settings.
    func check() throws(DeltaicError) {
        guard !rules.isEmpty else {
            throw DeltaicError(.badRecipe, "the recipe has no rules", advice: "see `deltaic register --help`")
        }
        for (position, rule) in rules.enumerated() {
            do {
                _ = try rule.treatment()
            } catch {
                throw error.inside("rule \(position + 1)")
            }
        }
    }

    /// What is to be done with a tensor.
    func treatment(name: String, tensorClass: TensorClass) throws(DeltaicError) -> Treatment {
        for rule in rules where rule.fits(name: name, tensorClass: tensorClass) { return try rule.treatment() }
        return .exact
    }
}

/// What is done with a tensor.
enum Treatment: Sendable, Equatable {
    case exact
    case full
    case lossy(CodecID, CodecSettings)
}

extension Recipe.Rule {
    func fits(name: String, tensorClass: TensorClass) -> Bool {
        (classes?.contains(tensorClass) ?? true)
            && (match.map { NamePattern($0).fits(name) } ?? true)
    }

    func treatment() throws(DeltaicError) -> Treatment {
        switch codec {
        case "exact", "full":
            guard settings.isEmpty else { throw DeltaicError(.badRecipe, "\"\(codec)\" has no settings") }
            return codec == "exact" ? .exact : .full
        default:
            guard let id = CodecID(name: codec), Recipe.lossyCodecs.contains(codec) else {
                throw DeltaicError(
                    .badRecipe, "there is no codec \"\(codec)\"",
                    expected: (["exact", "full"] + Recipe.lossyCodecs).joined(separator: ", "))
            }
            _ = try MethodTable.method(id, settings: settings)
            return .lossy(id, settings)
        }
    }
}

/// A pattern of names: `*` for any text, `?` for any character.
struct NamePattern: Sendable {
    private let pattern: [Character]

    init(_ pattern: String) {
        self.pattern = Array(pattern)
    }

    func fits(_ name: String) -> Bool {
        let name = Array(name)
        var (p, n) = (0, 0)
        var retry: (p: Int, n: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == "*" {
                retry = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = retry {
                retry = (last.p, last.n + 1)
                p = last.p + 1
                n = last.n + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}

/// Any key of a recipe's JSON: a misspelt one would let a rule fit more than was meant.
private struct RecipeKeys: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }

    static func check(_ decoder: any Decoder, known: [String]) throws {
        let keys = try decoder.container(keyedBy: RecipeKeys.self).allKeys.map(\.stringValue)
        guard let stray = keys.filter({ !known.contains($0) }).sorted().first else { return }
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: decoder.codingPath,
                debugDescription: "there is no key \"\(stray)\" here, only \(known.joined(separator: ", "))"))
    }
}
