internal import ArgumentParser
internal import DeltaicCore
internal import RegistryPages

/// Where a command also writes its result as a picture.
struct PlotOption: ParsableArguments {
    @Option(
        name: .customLong("plot"),
        help: ArgumentHelp("Also write it as a picture: a file that ends in .svg.", valueName: "file"),
        completion: .file(extensions: ["svg"]))
    var path: String?

    func validate() throws {
        guard let path, !path.lowercased().hasSuffix(".svg") else { return }
        throw ValidationError(
            "--plot writes SVG, which browsers and most programs show: name a file that ends in .svg, not \(path)")
    }

    /// - Parameter picture: made only if it was asked for.
    func write(_ picture: () throws -> Picture) throws {
        guard let path else { return }
        try OutputFile.write(try picture().document, to: path)
        StandardStreams.writeNote("wrote \(path)")
    }
}
