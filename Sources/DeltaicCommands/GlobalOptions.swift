internal import ArgumentParser
internal import Foundation
internal import Registry

/// Which registry a command works on.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the registry (default: $DELTAIC_HOME, else your data folder).", valueName: "dir"),
        completion: .directory)
    var registry: String?

    func validate() throws {
        if registry?.isEmpty == true { throw ValidationError("--registry needs the path of a folder") }
    }

    /// The folder: `--registry`, else `DELTAIC_HOME`, else `deltaic` in the user's data folder.
    var path: String {
        if let registry { return registry }
        let environment = ProcessInfo.processInfo.environment
        if let home = environment["DELTAIC_HOME"], !home.isEmpty { return home }
        // A relative XDG_DATA_HOME is to be ignored, says its specification.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/deltaic" }
        return FileManager.default.homeDirectoryForCurrentUser.path + "/.local/share/deltaic"
    }

    /// Opens the registry to look at it.
    func openForReading(threads: ThreadOptions? = nil) throws -> ModelRegistry {
        try open(threads: threads, isReadOnly: true)
    }

    /// Opens the registry to change it.
    func openForWriting(threads: ThreadOptions? = nil) throws -> ModelRegistry {
        try open(threads: threads, isReadOnly: false)
    }

    /// Opens the registry for many readers at a time, who may also move tags where the folder can be written.
    func openForServing(threads: ThreadOptions, warn: @escaping @Sendable (String) -> Void) throws -> ModelRegistry {
        // Nobody may hold up all readers by waiting: who finds the registry locked is told to come again.
        try open(
            threads: threads, isReadOnly: !FileManager.default.isWritableFile(atPath: path), lockPatience: 0, warn: warn
        )
    }

    private func open(
        threads: ThreadOptions?, isReadOnly: Bool, lockPatience: Int = ModelRegistry.Options().lockPatience,
        warn: @escaping @Sendable (String) -> Void = { StandardStreams.writeNote("warning: " + $0) }
    ) throws -> ModelRegistry {
        try ModelRegistry(
            path: path,
            options: ModelRegistry.Options(
                threads: threads?.threads, progress: ProgressLine.onTerminal(), isReadOnly: isReadOnly,
                lockPatience: lockPatience, warn: warn))
    }
}
