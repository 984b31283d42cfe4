internal import DeltaicCore
internal import Foundation

/// Pieces that pages are made of.
enum Parts {
    static func link(_ path: String?, _ label: Markup) -> Markup {
        guard let path else { return label }
        return "<a href=\"\(path)\">\(label)</a>"
    }

    static func link(_ path: String?, text: String) -> Markup { link(path, "\(text)" as Markup) }

    static func bytes(_ count: Int) -> Markup {
        "<span title=\"\(NumberFormat.count(count)) bytes\">\(ByteFormat.text(count))</span>"
    }

    /// Seconds since 1970, in UTC, which pages say once at their end.
    static func date(_ seconds: Int) -> Markup {
        let text = NumberFormat.date(seconds)
        let short = text.prefix(16).replacing("T", with: " ")
        return "<time datetime=\"\(text)\">\(short)</time>"
    }

    /// What can be scrolled sideways, with the keyboard too.
    static func scroller(_ label: String, _ content: Markup) -> Markup {
        "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"\(label)\">\(content)</div>"
    }

    /// A picture with what it shows.
    ///
    /// - Parameters:
    ///   - label: for those who cannot see it, and for the keyboard.
    ///   - table: the same in figures; it is folded.
    static func figure(_ caption: Markup, label: String, _ picture: Markup, table: Markup? = nil) -> Markup {
        """
        <figure>
        <figcaption>\(caption)</figcaption>
        \(scroller(label, picture))
        \(table.map { "<details><summary>In figures</summary>\($0)</details>" as Markup })
        </figure>
        """
    }

    static func section(_ title: Markup, id: String, _ content: Markup) -> Markup {
        """
        <section aria-labelledby="\(id)">
        <h2 id="\(id)">\(title)</h2>
        \(content)
        </section>
        """
    }

    /// Names and what they have.
    static func facts(_ facts: [(String, Markup)]) -> Markup {
        let rows = facts.map { name, value in "<div><dt>\(name)</dt><dd>\(value)</dd></div>" as Markup }
        return "<dl class=\"facts\">\(rows)</dl>"
    }

    /// A figure with what it is.
    static func tile(_ name: String, _ value: Markup, _ note: Markup = .none) -> Markup {
        "<div class=\"tile\"><p class=\"name\">\(name)</p><p class=\"value\">\(value)</p><p class=\"note\">\(note)</p></div>"
    }

    /// A command that is selected as a whole, and copied by a button where scripts run.
    static func command(_ name: String, _ text: String) -> Markup {
        """
        <div class="command"><span class="name">\(name)</span>\
        <pre tabindex="0" role="group" aria-label="\(name): command"><code>\(text)</code></pre></div>
        """
    }

    /// Says what is not known yet, and how to ask again; where scripts run, the page does so by itself.
    static func waiting(_ text: Markup) -> Markup {
        "<p class=\"warning\" role=\"status\" data-again>\(text) <a href=\"\">Ask again</a></p>"
    }

    /// How much smaller what is stored is than what was registered.
    static func ratio(_ raw: Int, _ stored: Int) -> Markup { "\(NumberFormat.ratio(raw, to: stored))" }
}
