public import ArgumentParser
internal import DeltaicCore
public import Registry

/// How lossily a model is to be registered; nothing given keeps every bit.
struct LossyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Compress the linear layers with this lossy codec (\(Recipe.codecNames)).", valueName: "codec"))
    var codec: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A setting of the codec; may be repeated.", valueName: "name=value"))
    var settings: [SettingEntry] = []

    @Option(
        help: ArgumentHelp(
            "A JSON file that says which tensors get which codec: {\"rules\": [{\"match\": \"*.key.*\", "
                + "\"classes\": [\"linear\"], \"codec\": \"dare\", \"settings\": {\"drop\": 0.9}}]}.",
            valueName: "file"), completion: .file())
    var recipe: String?

    @Option(help: ArgumentHelp("The ratio of the whole safetensors files to reach.", valueName: "ratio"))
    var ratio: Double?

    @Option(help: ArgumentHelp("The ratio of the linear layers alone to reach.", valueName: "ratio"))
    var ratioLinear: Double?

    @Option(help: ArgumentHelp("Bits for each weight of the lossy tensors.", valueName: "bits"))
    var bits: Double?

    @Option(help: "Find the ratio that keeps the quality, without data.")
    var quality: QualityLevel?

    @Option(help: ArgumentHelp("Find the ratio at this relative weight error, as 0.10.", valueName: "error"))
    var maxError: Double?

    @Option(
        help: ArgumentHelp(
            "What becomes of embeddings (default: lossy if --ratio, --quality or --max-error is given and the codec is "
                + "seeded-sign and they are a good part of the model, else exact)."))
    var embeddings: Recipe.Choice?

    @Option(help: "What becomes of the output layer (default: exact).")
    var head: Recipe.Choice?

    @Option(help: ArgumentHelp("What random masks are drawn from.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp(
            "A safetensors file with the second moments of the layers' inputs, by weight name, for delta-come, low-rank and "
                + "sparse24.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var moments: String?

    func validate() throws {
        let goals = [ratio, ratioLinear, bits, maxError].compactMap(\.self).count + (quality == nil ? 0 : 1)
        if goals > 1 {
            throw ValidationError("only one of --ratio, --ratio-linear, --bits, --quality and --max-error can be given")
        }
        if recipe != nil, codec != nil || !settings.isEmpty || embeddings != nil || head != nil {
            throw ValidationError(
                "--recipe says all about codecs: --codec, --set, --embeddings and --head do not go with it")
        }
        if recipe == nil, codec == nil, goals == 0 {
            if !settings.isEmpty || embeddings != nil || head != nil || moments != nil || seed != 0 {
                throw ValidationError("name a lossy codec with --codec; without one every bit is kept")
            }
        }
        if codec == "drop", goals > 0 {
            throw ValidationError("drop takes nothing: no ratio and no quality can be asked of it")
        }
        for value in [ratio, ratioLinear].compactMap(\.self) where !(value > 1 && value.isFinite) {
            throw ValidationError("a ratio is greater than 1")
        }
        if let bits, !(bits > 0 && bits <= 16) { throw ValidationError("--bits takes a number above 0, at most 16") }
        if let maxError, !(maxError > 0 && maxError < 10) {
            throw ValidationError("--max-error takes a number above 0: 0.1 is an error of a tenth of the weights")
        }
    }

    /// Nil if every bit is to be kept.
    ///
    /// A goal alone means our own codec.
    func request() throws -> LossyRequest? {
        let goal: LossyRequest.Goal =
            if let ratio {
                .ratio(ratio)
            } else if let ratioLinear {
                .linearRatio(ratioLinear)
            } else if let bits {
                .bits(bits)
            } else if let error = quality?.relativeError ?? maxError {
                .relativeError(error)
            } else {
                .settings
            }
        if let recipe {
            return LossyRequest(recipe: try Recipe(path: recipe), goal: goal, seed: seed, momentsPath: moments)
        }
        guard let name = codec ?? (goal == .settings ? nil : "seeded-sign") else { return nil }
        let values = Dictionary(settings.map { ($0.name, $0.value) }) { _, last in last }
        return try LossyRequest(
            codec: name, settings: values, embeddings: embeddings, head: head ?? .exact, goal: goal, seed: seed,
            moments: moments)
    }
}

extension LossyRequest {
    /// A codec by its name, with the recipe that it has by default.
    ///
    /// - Parameter embeddings: if not given, exact; but where the whole file is to become small our own codec takes them too, unless they
    ///   are a small part of it.
    init(
        codec: String, settings: CodecSettings = [:], embeddings: Recipe.Choice?, head: Recipe.Choice = .exact,
        goal: Goal, seed: UInt64, moments: String? = nil
    ) throws {
        let isWhole =
            switch goal {
            case .ratio, .relativeError: true
            case .settings, .bits, .linearRatio: false
            }
        self.init(
            recipe: try Recipe(
                codec: codec, settings: settings,
                embeddings: embeddings ?? (isWhole && codec == "seeded-sign" ? .lossy : .exact), head: head),
            goal: goal, seed: seed, momentsPath: moments, sparesSmallEmbeddings: embeddings == nil,
            sparesSmallTensors: true)
    }
}

/// A `name=value` of the command line; numbers and true or false are read as such.
struct SettingEntry: ExpressibleByArgument {
    let name: String
    let value: SettingValue

    init?(argument: String) {
        guard let mark = argument.firstIndex(of: "="), mark > argument.startIndex else { return nil }
        name = String(argument[..<mark])
        let text = String(argument[argument.index(after: mark)...])
        value = Double(text).map { .number($0) } ?? Bool(text).map { .flag($0) } ?? .text(text)
    }
}

extension QualityLevel: ExpressibleByArgument {}
extension Recipe.Choice: ExpressibleByArgument {}

extension Recipe {
    /// For help.
    static var codecNames: String { lossyCodecs.joined(separator: ", ") }
}
