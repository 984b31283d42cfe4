public import DeltaicCore

/// The rules for the paths of a model's files, the same when they come in and when they go out.
public enum FileNames {
    /// The longest name of a file or folder, in bytes.
    public static let maximumComponentLength = 255
    /// The longest path, in bytes.
    public static let maximumPathLength = 4095
    /// The most parts of a path.
    public static let maximumDepth = 128

    /// Checks a path that is to be created below a folder.
    ///
    /// It is relative and '/'-separated; no part is empty, `.`, `..` or `.git` (in any case), or longer than
    /// ``maximumComponentLength``; there are at most ``maximumDepth`` of them; it has no control
    /// character and no backslash.
    /// - Throws: `.unsafePath` naming the path and the rule.
    public static func check(_ relativePath: String) throws(DeltaicError) {
        func refusal(_ reason: String, advice: String? = nil) -> DeltaicError {
            DeltaicError(.unsafePath, "the path \(reason)", at: [quoted(relativePath)], advice: advice)
        }
        guard !relativePath.isEmpty else { throw refusal("is empty") }
        guard relativePath.utf8.count <= maximumPathLength else {
            throw refusal("is longer than \(maximumPathLength) bytes")
        }
        guard relativePath.utf8.first != UInt8(ascii: "/") else { throw refusal("is absolute") }
        for scalar in relativePath.unicodeScalars {
            guard scalar.properties.generalCategory != .control else {
                throw refusal("contains a control character", advice: "rename the file")
            }
            guard scalar != "\\" else {
                throw refusal("contains a backslash", advice: "rename the file; '/' separates folders")
            }
        }
        let components = relativePath.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard components.count <= maximumDepth else { throw refusal("has more than \(maximumDepth) parts") }
        for component in components {
            let name = String(Substring(component))
            guard !name.isEmpty else { throw refusal("has an empty part") }
            guard name != ".", name != ".." else { throw refusal("contains \"\(name)\"") }
            guard name.lowercased() != ".git" else { throw refusal("contains \".git\"") }
            guard component.count <= maximumComponentLength else {
                throw refusal("has a part of more than \(maximumComponentLength) bytes", advice: "rename the file")
            }
        }
    }

    /// Checks that the files at these paths can stand beside each other on every system.
    ///
    /// Two paths collide when they are the same after Unicode normalisation without regard to case, when one is a file
    /// and the other needs a folder in its place, or when folders on their way differ in spelling only.
    /// - Parameter paths: paths that pass ``check(_:)``.
    /// - Throws: `.collidingPaths` naming both.
    public static func checkTogether(_ paths: some Sequence<String>) throws(DeltaicError) {
        // Swift compares strings by canonical equivalence, so the keys are blind to NFC and NFD; upper case first
        // joins letters with several lower-case forms.
        var seen: [String: (path: String, isFolder: Bool)] = [:]
        for path in paths {
            var prefix = path.startIndex
            while let slash = path.utf8[prefix...].firstIndex(of: UInt8(ascii: "/")) {
                let folder = String(path[..<slash])
                let key = folder.uppercased().lowercased()
                if let other = seen[key] {
                    guard other.isFolder, other.path.utf8.elementsEqual(folder.utf8) else {
                        throw collision(other.path, folder)
                    }
                } else {
                    seen[key] = (folder, true)
                }
                prefix = path.utf8.index(after: slash)
            }
            if let other = seen.updateValue((path, false), forKey: path.uppercased().lowercased()) {
                throw collision(other.path, path)
            }
        }
    }

    private static func collision(_ first: String, _ second: String) -> DeltaicError {
        let isSame = first.utf8.elementsEqual(second.utf8)
        return DeltaicError(
            .collidingPaths,
            isSame
                ? "two files claim the same path"
                : "two paths differ only in case or Unicode form, so they are one path on some systems",
            at: ["\(quoted(first)) and \(quoted(second))"], advice: "rename one of them")
    }
}
