/// Which paths a route answers: `/api/models/{model}/tree/{revision}/{path*}`.
///
/// Hummingbird's router knows no part that is one or two segments long, as the names of models are, nor which other methods a
/// path has; so routes are matched here.
struct RoutePattern: Sendable {
    private enum Part: Sendable, Equatable {
        case literal(String)
        /// One segment.
        case segment(String)
        /// `name` or `namespace/name`, and what must follow the name in the same segment.
        case model(suffix: String)
        /// All that is left, at least one segment.
        case rest(String)
    }

    /// What a path had in the places of a pattern's parameters.
    struct Match: Sendable {
        var values: [String: String] = [:]
        /// The segments that the model's name takes.
        var model: Range<Int>?
    }

    /// As it was written: the route's name in metrics.
    let template: String
    private let parts: [Part]

    init(_ template: String) {
        self.template = template
        parts = template.split(separator: "/").map { part in
            if part.hasPrefix("{model}") { return .model(suffix: String(part.dropFirst("{model}".count))) }
            if part.hasPrefix("{"), part.hasSuffix("*}") { return .rest(String(part.dropFirst().dropLast(2))) }
            if part.hasPrefix("{"), part.hasSuffix("}") { return .segment(String(part.dropFirst().dropLast())) }
            return .literal(String(part))
        }
    }

    func match(_ path: PathSegments) -> Match? {
        match(path, from: 0, parts[...], Match())
    }

    private func match(_ path: PathSegments, from start: Int, _ parts: ArraySlice<Part>, _ match: Match) -> Match? {
        guard let part = parts.first else { return start == path.count ? match : nil }
        guard start < path.count else { return nil }
        var match = match
        switch part {
        case .literal(let text):
            return path.raw[start] == text ? self.match(path, from: start + 1, parts.dropFirst(), match) : nil
        case .segment(let name):
            match.values[name] = path.decoded[start]
            return self.match(path, from: start + 1, parts.dropFirst(), match)
        case .rest(let name):
            match.values[name] = path.decoded[start...].joined(separator: "/")
            return match
        case .model(let suffix):
            for length in [2, 1] where start + length <= path.count {
                let last = path.decoded[start + length - 1]
                guard last.hasSuffix(suffix) else { continue }
                let names = path.decoded[start..<start + length - 1] + [String(last.dropLast(suffix.count))]
                match.values["model"] = names.joined(separator: "/")
                match.model = start..<start + length
                if let found = self.match(path, from: start + length, parts.dropFirst(), match) { return found }
            }
            return nil
        }
    }
}
