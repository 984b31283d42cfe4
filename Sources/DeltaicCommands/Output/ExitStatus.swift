internal import DeltaicCore

/// What the process tells its caller when it ends; scripts may rely on the numbers.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    /// A failure of no other class.
    case failure = 1
    /// A registry, model, version, tag, file or tensor that was named does not exist.
    case notFound = 2
    /// The input is malformed, or of a kind that is not accepted.
    case refused = 3
    /// The request contradicts the state of the registry.
    case conflict = 4
    /// Stored bytes are not what they should be.
    case damaged = 5
    /// The system refused: disk, permission, memory.
    case system = 6
    /// Another process holds the registry.
    case locked = 7
    /// The command line is wrong.
    case usage = 64

    /// The status of a failed command.
    init(_ category: DeltaicError.Code.Class) {
        self =
            switch category {
            case .notFound: .notFound
            case .refusedInput: .refused
            case .conflict: .conflict
            case .damaged: .damaged
            case .system: .system
            case .locked: .locked
            }
    }

    /// A few words for the help.
    var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "another failure"
        case .notFound: "something that was named does not exist"
        case .refused: "the input was refused"
        case .conflict: "conflict with what is registered"
        case .damaged: "stored data is damaged, or `verify` found problems"
        case .system: "the system refused: disk, permission, memory"
        case .locked: "another process holds the registry"
        case .usage: "wrong usage"
        }
    }

    /// The list for the help of the root command.
    static var table: String {
        let rows = allCases.map { status in
            let number = String(status.rawValue)
            return "  " + String(repeating: " ", count: 3 - number.count) + number + "  " + status.meaning
        }
        return rows.joined(separator: "\n") + "\n  130  interrupted"
    }
}
