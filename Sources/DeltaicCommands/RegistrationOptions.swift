internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// What `base add` and `register` both take.
struct RegistrationOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("A model folder, or one .safetensors file.", valueName: "dir|file"),
        completion: .file())
    var path: String

    @Option(help: ArgumentHelp("The name to register it under.", valueName: "[namespace/]name"))
    var name: String

    @Option(name: .customLong("tag"), help: ArgumentHelp("A tag for the version; may be repeated.", valueName: "tag"))
    var tags: [String] = []

    @Option(help: ArgumentHelp("What is to be remembered about the version.", valueName: "text"))
    var message: String?

    @Option(
        name: .customLong("metadata"),
        help: ArgumentHelp("A value to keep with the version; may be repeated.", valueName: "key=value"))
    var entries: [MetadataEntry] = []

    func validate() throws {
        if let twice = Dictionary(grouping: entries, by: \.key).first(where: { $0.value.count > 1 }) {
            throw ValidationError("--metadata gives \"\(twice.key)\" twice")
        }
    }

    func registration(base: VersionReference? = nil, task: String? = nil) throws -> Registration {
        Registration(
            name: try ModelName(name), base: base, task: task, tags: tags, message: message,
            metadata: Dictionary(entries.map { ($0.key, $0.value) }) { first, _ in first })
    }
}

/// A `key=value` of the command line.
struct MetadataEntry: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let mark = argument.firstIndex(of: "="), mark > argument.startIndex else { return nil }
        key = String(argument[..<mark])
        value = String(argument[argument.index(after: mark)...])
    }
}
