internal import DeltaicCore
internal import Foundation

/// Files that pages refer to; they are part of the program.
public enum PageAssets {
    public static let style = charts + "\n" + text(PackageResources.console_css)
    public static let script = text(PackageResources.console_js)
    /// What pictures need to be seen, without the rest of a page's style.
    static let charts = text(PackageResources.charts_css)
    /// Another text for other assets: browsers may keep what they have as long as they like.
    static let version = String(FastHash.checksum(Array((style + script).utf8)), radix: 16)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
