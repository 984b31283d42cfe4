/// Takes notice of work as it is done; the caller decides whether and how to show it.
public protocol ProgressReport: Sendable {
    /// A stage of work begins.
    /// - Parameters:
    ///   - stage: what is done, as a participle ("hashing", "encoding").
    ///   - totalBytes: the raw bytes that the stage covers.
    func begin(_ stage: String, totalBytes: Int)
    /// So many more raw bytes are done.
    func advance(_ bytes: Int)
    /// The stage is over, whether it succeeded or not.
    func end()
}

/// Shows nothing.
public struct SilentProgress: ProgressReport {
    public init() {}
    public func begin(_ stage: String, totalBytes: Int) {}
    public func advance(_ bytes: Int) {}
    public func end() {}
}
