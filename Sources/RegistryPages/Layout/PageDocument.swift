/// What every document has, with the console around it or without.
struct PageDocument {
    let title: String
    /// What else its head has.
    let head: Markup
    let body: Markup

    var markup: Markup {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title) - Deltaic</title>
        <link rel="icon" href="data:,">
        \(head)
        </head>
        <body>
        \(body)
        <footer><p>Times are UTC. Sizes are in decimal units; a ratio is bytes registered over bytes kept, whole packs.</p></footer>
        </body>
        </html>

        """
    }
}
