/// How a version was compressed that was registered with lossy codecs.
public struct RecipeRecord: Hashable, Sendable {
    /// The codec of most of its weights.
    public let codec: String
    /// The JSON of the manifest.
    public let json: String

    public init(codec: String, json: String) {
        self.codec = codec
        self.json = json
    }
}
