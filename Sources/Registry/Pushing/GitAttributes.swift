internal import DeltaicCore

/// The file that tells Git which files of a model are LFS pointers, as the first commit of a model has it.
enum GitAttributes {
    static let path = ".gitattributes"

    static let text: String =
        LFSRule.patterns.map { "\($0) filter=lfs diff=lfs merge=lfs -text\n" }.joined()
}
