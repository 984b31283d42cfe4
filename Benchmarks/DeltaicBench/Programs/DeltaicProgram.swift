import Foundation

/// The `deltaic` that was built with this benchmark, as a process on one registry.
struct DeltaicProgram {
    let registry: String

    /// How many processors a process may use.
    enum Cores: Int, CaseIterable {
        case one = 1
        case two = 2

        /// What comes before a command so that it has no more than these.
        var pinned: [String] { ["taskset", "-c", self == .one ? "0" : "0,1"] }
        var label: String { self == .one ? "1 core" : "2 cores" }
    }

    static var path: String {
        URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "deltaic").path
    }

    /// A lossy version that every reader would take: all of the model a hundred times smaller.
    static let lossy = ["--codec", "seeded-sign", "--ratio", "100"]

    func command(_ arguments: [String], cores: Cores? = nil) -> [String] {
        let program = [Self.path] + arguments + ["--registry", registry]
        guard let cores else { return program }
        return cores.pinned + program + ["--threads", "\(cores.rawValue)"]
    }

    @discardableResult
    func run(_ arguments: [String]) throws -> MeasuredProcess {
        try MeasuredProcess.run(command(arguments))
    }

    /// Makes the registry, with a base.
    func make(base: String) throws {
        try run(["init"])
        try run(["base", "add", base, "--name", "base"])
    }

    /// Fails unless a folder has all files of a model, with the same bytes.
    static func compare(_ pulled: String, with original: String) throws {
        for file in try modelFiles(in: original) {
            _ = try MeasuredProcess.run(["cmp", "\(original)/\(file)", "\(pulled)/\(file)"])
        }
    }
}
