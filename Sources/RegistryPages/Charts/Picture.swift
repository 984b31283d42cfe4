/// A picture that stands for itself: SVG that a page or a file can have.
public struct Picture: Sendable {
    let width: Double
    let height: Double
    /// What it shows, for those who cannot see it.
    let label: String
    /// The same in a few words, for what stands above it; the label if there is none.
    var caption: String?
    /// Whether parts of it lead somewhere: such a picture is no image, but a group of links.
    var hasLinks = false
    let content: Markup

    /// The picture as a part of a page, which has the style.
    var inPage: Markup {
        let role: Markup = hasLinks ? "group" : "img"
        return """
            <svg width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" role="\(role)" aria-label="\(label)" class="picture">
            \(content)</svg>
            """
    }

    /// The picture as a file of its own.
    public var document: String {
        let svg: Markup = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" role="img" class="picture">
            <title>\(label)</title>
            <style>\(Markup(trusted: PageAssets.charts))</style>
            <rect class="paper" width="\(width)" height="\(height)"/>
            \(content)</svg>

            """
        return svg.text
    }

    /// Pictures one below the other, under a title.
    static func stacked(_ title: String, _ pictures: [Picture]) -> Picture {
        let margin = 16.0
        var content: Markup = "<text class=\"title\" x=\"\(margin)\" y=\"26\">\(title)</text>\n"
        var y = 44.0
        for picture in pictures {
            content += """
                <text class="subtitle" x="\(margin)" y="\(y + 12)">\(picture.caption ?? picture.label)</text>
                <g transform="translate(\(margin) \(y + 22))">
                \(picture.content)</g>

                """
            y += picture.height + 46
        }
        let texts = [12 * Double(title.count)] + pictures.map { 8 * Double(($0.caption ?? $0.label).count) }
        let width = max(pictures.map(\.width).max() ?? 0, texts.max() ?? 0)
        return Picture(width: width + 2 * margin, height: y, label: title, content: content)
    }
}
