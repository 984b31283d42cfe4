/// Files that browsers show as pictures, and that can be nothing else.
public enum PictureFile {
    /// The media type of a file by its name; nil if it is no such picture.
    ///
    /// SVG is none: it can have scripts.
    public static func type(of path: String) -> String? {
        switch path.split(separator: ".").last?.lowercased() {
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "gif": "image/gif"
        case "webp": "image/webp"
        default: nil
        }
    }
}
