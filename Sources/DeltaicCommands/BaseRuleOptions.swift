internal import ArgumentParser
internal import Registry

/// Which base pushed models are stored against where nothing else says so.
struct BaseRuleOptions: ParsableArguments {
    @Option(
        name: .customLong("base-for"),
        help: ArgumentHelp(
            "The base for a namespace or a task, where the model card names none; may be given several times.",
            valueName: "NAMESPACE/=BASE|task:TASK=BASE"))
    var baseFor: [String] = []

    /// - Throws: `.invalidName` for a rule that is none.
    func rules() throws -> BaseRules {
        BaseRules(try baseFor.map { try BaseRules.Rule($0) })
    }
}
