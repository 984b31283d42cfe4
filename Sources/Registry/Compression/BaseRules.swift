public import DeltaicCore

/// Which base the fine-tunes of a namespace or a task are stored against, where nothing else says so.
public struct BaseRules: Sendable {
    /// One rule.
    public struct Rule: Sendable {
        /// What a model has to be for the rule to hold.
        public enum Condition: Sendable, Equatable {
            case namespace(String)
            case task(String)
        }

        public let condition: Condition
        public let base: ModelName

        /// Reads `NAMESPACE/=BASE` or `task:TASK=BASE`.
        /// - Throws: `.invalidName`.
        public init(_ text: String) throws(DeltaicError) {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw Self.malformed(text) }
            base = try ModelName(parts[1])
            if parts[0].hasPrefix("task:") {
                let task = String(parts[0].dropFirst("task:".count))
                try ModelName.check(task, kind: "task", limit: 96)
                condition = .task(task)
            } else if parts[0].hasSuffix("/") {
                let namespace = String(parts[0].dropLast())
                try ModelName.check(namespace, kind: "namespace", limit: 96)
                condition = .namespace(namespace)
            } else {
                throw Self.malformed(text)
            }
        }

        private static func malformed(_ text: String) -> DeltaicError {
            DeltaicError(
                .invalidName, "\"\(text)\" is no rule for bases", expected: "NAMESPACE/=BASE or task:TASK=BASE")
        }
    }

    private let rules: [Rule]

    public init(_ rules: [Rule] = []) {
        self.rules = rules
    }

    /// The base of the first rule that holds.
    func base(of model: ModelName, task: String?) -> ModelName? {
        rules.first { rule in
            switch rule.condition {
            case .namespace(let namespace): model.namespace == namespace
            case .task(let name): task == name
            }
        }?.base
    }
}
