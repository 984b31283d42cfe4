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
        let head: Markup = """
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <style>\(Markup(trusted: PageAssets.style))</style>
            """
        return PageDocument(
            title: title, head: head,
            body: """
                <main id="content">
                <p class="lead">A report of Deltaic, made \(Parts.date(time)).</p>
                <h1>\(title)</h1>
                \(version.content(isAlone: true))
                <h1>The model \(model.name)</h1>
                \(model.content(isAlone: true))
                </main>
                """
        ).markup.text
    }
}
