internal import Foundation

/// Where the pages of the console are.
public enum ConsolePaths {
    public static let overview = "/"
    public static let root = "/console"
    public static let models = root + "/models"
    public static let tasks = root + "/tasks"
    public static let bases = root + "/bases"
    public static let packs = root + "/packs"
    public static let garbage = root + "/garbage"
    public static let jobs = root + "/jobs"
    public static let compare = root + "/compare"
    public static let signIn = root + "/sign-in"
    public static let signOut = root + "/sign-out"
    public static let style = root + "/assets/console.css"
    public static let script = root + "/assets/console.js"

    public static func model(_ name: String) -> String { models + "/" + encoded(name) }

    /// - Parameter version: `v2`, a tag or a commit id.
    public static func version(_ model: String, _ version: String) -> String {
        self.model(model) + "/versions/" + encoded(version, keepsSlashes: false)
    }

    public static func version(_ model: String, _ number: Int) -> String { version(model, "v\(number)") }

    /// A version as results name it: `name@v1`.
    static func version(reference: String) -> String {
        let parts = reference.split(separator: "@", maxSplits: 1).map(String.init)
        return parts.count == 2 ? version(parts[0], parts[1]) : model(reference)
    }

    public static func file(_ path: String, of model: String, version: String) -> String {
        self.version(model, version) + "/files/" + encoded(path)
    }

    /// Where clients of the Hub get a file.
    static func resolved(_ path: String, of model: String, commit: String) -> String {
        "/\(encoded(model))/resolve/\(commit)/\(encoded(path))"
    }

    public static func pack(_ id: String) -> String { packs + "/" + encoded(id) }

    public static func compare(_ left: String, _ right: String) -> String {
        compare + query([("left", left), ("right", right)])
    }

    static func models(_ parameters: [(String, String?)]) -> String { models + query(parameters) }

    /// What follows a path; parameters without a value are left out.
    static func query(_ parameters: [(String, String?)]) -> String {
        let pairs = parameters.compactMap { name, value in value.map { "\(name)=\(encoded($0, keepsSlashes: false))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    private static func encoded(_ text: String, keepsSlashes: Bool = true) -> String {
        text.addingPercentEncoding(withAllowedCharacters: keepsSlashes ? unreservedAndSlash : unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    private static let unreservedAndSlash = unreserved.union(["/"])
}
