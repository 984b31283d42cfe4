/// What went wrong, where, what was expected and found, and what to do about it.
///
/// The code is for programs to act on; the rest is for people.
public struct DeltaicError: Error, Sendable {
    /// A stable word for the kind of failure, with the class that decides the exit status.
    public struct Code: Hashable, Sendable {
        /// The broad class of a failure.
        public enum Class: Sendable {
            /// The input is malformed, or not accepted.
            case refusedInput
            /// Something that was named does not exist.
            case notFound
            /// The request contradicts the state of the registry.
            case conflict
            /// Stored bytes are not what they should be.
            case damaged
            /// The system refused: disk, permission, memory.
            case system
            /// Another process holds the registry.
            case locked
        }

        /// The stable word, in lower camel case.
        public let word: String
        public let category: Class

        public init(_ word: String, _ category: Class) {
            self.word = word
            self.category = category
        }
    }

    public let code: Code
    /// One sentence that says what went wrong.
    public let message: String
    /// Where: a model, a tensor, a file, an offset, from the outside in.
    public var places: [String]
    public let expected: String?
    public let found: String?
    /// What the user can do.
    public let advice: String?

    public init(
        _ code: Code, _ message: String, at places: [String] = [], expected: String? = nil, found: String? = nil,
        advice: String? = nil
    ) {
        self.code = code
        self.message = message
        self.places = places
        self.expected = expected
        self.found = found
        self.advice = advice
    }

    /// The same error seen from further out: `place` comes before the places that it already names.
    public func inside(_ place: String) -> DeltaicError {
        var outer = self
        outer.places.insert(place, at: 0)
        return outer
    }
}

extension DeltaicError.Code {
    public static let outOfMemory = Self("outOfMemory", .system)
    public static let unsupported = Self("unsupported", .refusedInput)
    public static let truncated = Self("truncated", .damaged)
    public static let overBudget = Self("overBudget", .damaged)
    public static let invalidName = Self("invalidName", .refusedInput)
    public static let ioFailure = Self("ioFailure", .system)
    public static let noSpace = Self("noSpace", .system)
}

extension DeltaicError: CustomStringConvertible {
    public var description: String {
        advice.map { summary + ". " + $0.prefix(1).uppercased() + $0.dropFirst() } ?? summary
    }

    /// What went wrong, where, and the bounds, without the advice.
    public var summary: String {
        var text = places.isEmpty ? message : places.joined(separator: ", ") + ": " + message
        if let expected, let found {
            text += " (expected \(expected), found \(found))"
        } else if let expected {
            text += " (expected \(expected))"
        } else if let found {
            text += " (found \(found))"
        }
        return text
    }
}

/// Runs `body` and names `place` in whatever it throws.
public func naming<Result>(_ place: @autoclosure () -> String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as DeltaicError {
        throw error.inside(place())
    }
}

/// Runs `body` and names `place` in whatever it throws.
public func naming<Result>(
    _ place: @autoclosure () -> String, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> Result
) async throws -> Result {
    do {
        return try await body()
    } catch let error as DeltaicError {
        throw error.inside(place())
    }
}
