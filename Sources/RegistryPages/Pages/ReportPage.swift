internal import DeltaicCore
internal import Foundation
internal import Registry

/// Everything about a model and one version of it, in one file that asks for nothing else.
public struct ReportPage: Sendable {
    let model: ModelDetailPage
    let version: VersionPage

    public init(model: ModelDetailPage, version: VersionPage) {
        self.model = model
        self.version = version
    }

    /// What it is about: `name@v1`.
    public var title: String { version.version.reference }

    /// A whole document.
    ///
    /// - Parameter time: when it was made, in seconds since 1970.
    public func document(at time: Int) -> String {
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <title>\(title) - Deltaic</title>
            <link rel="icon" href="data:,">
            <style>\(Markup(trusted: PageAssets.style))</style>
            </head>
            <body>
            <main id="content">
            <p class="lead">A report of Deltaic, made \(Parts.date(time)).</p>
            <h1>\(title)</h1>
            \(version.content(isAlone: true))
            <h1>The model \(model.name)</h1>
            \(model.content(isAlone: true))
            </main>
            <footer><p>Times are UTC. Sizes are in decimal units; a ratio is bytes registered over bytes kept, whole packs.</p></footer>
            </body>
            </html>

            """
        return page.text
    }
}
