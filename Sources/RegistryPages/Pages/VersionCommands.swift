internal import DeltaicCore
internal import Foundation
internal import Registry

/// How a version is got, ready to be copied.
struct VersionCommands {
    let version: VersionSummary
    /// The paths of its files.
    let files: [String]
    /// Where clients find the server; nil if there is none.
    let origin: String?

    init(_ version: VersionSummary, files: [String], origin: String?) {
        self.version = version
        self.files = files
        self.origin = origin
    }

    /// A file that says what the model is, else the first that there is.
    private var example: String? {
        ["config.json", "adapter_config.json"].first(where: files.contains) ?? files.first
    }

    var markup: Markup {
        let folder = version.model.split(separator: "/").last.map(String.init) ?? version.model
        let local = Parts.command("Command line", "deltaic pull \(version.reference) --output \(folder)")
        guard let origin else { return local }
        let place = Self.quoted(origin)
        return """
            \(local)
            \(Parts.command("Hub client", "HF_ENDPOINT=\(place) hf download \(version.model) --revision \(version.commit.hex)"))
            \(Parts.command(
                "Python",
                "HF_ENDPOINT=\(place) python3 -c 'from huggingface_hub import snapshot_download; "
                    + "print(snapshot_download(\"\(version.model)\", revision=\"\(version.commit.hex)\"))'"))
            \(example.map { path in
                Parts.command(
                    "curl",
                    "curl -f -H \"Authorization: Bearer $HF_TOKEN\" -L -O "
                        + Self.quoted(origin + ConsolePaths.resolved(path, of: version.model, commit: version.commit.hex)))
            })
            <p class="dim">Where reading takes a token, clients take it from <code>HF_TOKEN</code>.</p>
            """
    }

    /// Safe in a shell, whatever the server is called by whoever asked.
    private static func quoted(_ text: String) -> String {
        let safe = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/[]@")
        return text.unicodeScalars.allSatisfy(safe.contains)
            ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
