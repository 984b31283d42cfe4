/// Lets a property choose its markup with `if` and `switch`.
@resultBuilder
enum MarkupChoice {
    static func buildExpression(_ markup: Markup) -> Markup { markup }
    static func buildBlock(_ parts: Markup...) -> Markup { Markup(parts) }
    static func buildOptional(_ part: Markup?) -> Markup { part ?? .none }
    static func buildEither(first part: Markup) -> Markup { part }
    static func buildEither(second part: Markup) -> Markup { part }
}
